"""What numba compiles: kept in a folder where there is one, and compiled all the same where not."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("numba")

NO_FOLDER = """
import numba.core.caching
numba.core.caching.CacheImpl._locator_classes = []  # as with read-only packages and no home
try:
    numba.njit(cache=True)(lambda x: x)
except RuntimeError as error:
    assert "cannot cache function" in str(error)
else:
    raise SystemExit("there is a folder after all")
"""


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "module", ["breglab.solvers.methods._homotopy_numba", "breglab.nn.optim._kernels"]
)
def test_without_a_folder_to_keep_it_in_the_engine_is_there(module):
    if ".nn." in module:
        pytest.importorskip("torch")
    done = run(f"{NO_FOLDER}\nimport {module}")
    assert done.returncode == 0, done.stderr


def test_without_a_folder_functions_are_compiled_all_the_same():
    compiled = "from breglab._jit import jit\n@jit()\ndef twice(x):\n    return 2 * x\n"
    done = run(f"{NO_FOLDER}\n{compiled}\nassert twice(3) == 6 and len(twice.signatures) == 1")
    assert done.returncode == 0, done.stderr
