"""The program as a process: streams that cannot be printed to, and Ctrl-C with two workers."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(os.name != "posix", reason="pipes and signals of POSIX")

# The claim stands in the program, so that it travels to the workers by value.
SLEEPER = """
import signal, time
from functools import partial
from pathlib import Path
from breglab import theory
from breglab.cli import main

class Sleeper(theory.Claim):
    id, title, source, latex, words = "2", "t", "s", "x", "w"
    on_common = False
    margins = None
    def own_instances(self):
        Path("own").write_text(repr(signal.getsignal(signal.SIGINT)))
        time.sleep(600)
    def negative_instance(self):
        Path("negative").write_text(repr(signal.getsignal(signal.SIGINT)))
        time.sleep(600)

theory.find_claims = lambda ids: (Sleeper(),)
theory.verify = partial(theory.verify, instances=[])
main()
"""
QUICK = """
from functools import partial
from breglab import theory
from breglab.cli import main
from breglab.theory.small import parabola

one = parabola("one", "J = 0, L = theta^2/2", tau=0.5)
theory.verify = partial(theory.verify, instances=[one])
main()
"""


def shell(program, tail, folder):
    """Run the program with arguments and redirections in a shell that reports its exit code."""
    command = f'set -o pipefail; "$0" -c "$1" {tail}'
    return subprocess.run(
        ["bash", "-c", command, sys.executable, program],
        capture_output=True, text=True, cwd=folder, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tail", "error"),
    [
        # Nobody reads, from before the first line on.
        ("verify 19 --jobs 1 | { exec <&-; wait; }", ""),
        ("verify 19 --jobs 1 > /dev/full", "No space left on device"),
        ("verify 19 --jobs 2 >&-", "Bad file descriptor"),
    ],
)
def test_an_output_that_takes_nothing_costs_no_report(tmp_path, tail, error):
    done = shell(QUICK, tail, tmp_path)
    assert done.returncode == 0
    written = sorted(path.name for path in (tmp_path / "breglab-report").iterdir())
    assert written == ["report.html", "report.json"]
    if not error:
        assert done.stderr == ""
        return
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"The table could not be shown: {error}. 1 of 1 claims as expected")
    assert line.endswith(f"Report: {Path('breglab-report') / 'report.html'}")


@pytest.mark.parametrize(
    ("tail", "code", "error"),
    [
        ("claims | { exec <&-; wait; }", 0, ""),
        ("claims > /dev/full", 1, "The table could not be shown: No space left on device.\n"),
        ("claims >&-", 1, "The table could not be shown: Bad file descriptor.\n"),
    ],
)
def test_a_list_that_cannot_be_printed_is_one_line(tmp_path, tail, code, error):
    done = shell(QUICK, tail, tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (code, "", error)


def test_ctrl_c_at_the_terminal_ends_the_workers_too(tmp_path):
    """A terminal sends it to the whole group, and an impatient user once more."""
    process = subprocess.Popen(
        [sys.executable, "-c", SLEEPER, "verify", "2", "--jobs", "2"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
        start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    try:
        while sum(path.stat().st_size > 0 for path in tmp_path.iterdir()) < 2:
            assert process.poll() is None
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        os.killpg(process.pid, signal.SIGINT)
        # The pipes are closed when the last worker has ended.
        out, error = process.communicate(timeout=20)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    # The workers hear nothing: one that ends by itself can leave its parent waiting.
    assert {path.read_text() for path in tmp_path.iterdir()} == {repr(signal.SIG_IGN)}
    assert (process.returncode, out) == (130, "")
    assert error == "Interrupted; no report was written.\n"
