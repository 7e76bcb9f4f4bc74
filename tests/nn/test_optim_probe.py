"""What surrounds Triton's kernel and needs none: the trial before its use, the cut into tiles."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")


from breglab.nn.optim import _probe, _triton  # noqa: E402
from breglab.nn.optim._batch import ENTRIES, GROUPS, NONNEGATIVE, Rule  # noqa: E402

CPU = torch.device("cpu")
KINDS = [(ENTRIES, 1024), (NONNEGATIVE, 1024), (GROUPS, 16), (GROUPS, 2048)]


def compiled():
    pytest.importorskip("numba")
    from breglab.nn.optim._compiled import Compiled

    return Compiled


@pytest.fixture(autouse=True)
def _fresh():
    _probe.agrees.cache_clear()
    yield
    _probe.agrees.cache_clear()


@pytest.mark.parametrize(("kind", "room"), KINDS)
@pytest.mark.parametrize("memories", [1, 2, 3])
def test_kernels_that_are_right_pass(kind, room, memories):
    """Those of numba, in both precisions."""
    for dtype in (torch.float32, torch.float64):
        assert _probe.agrees(compiled(), kind, memories, dtype, CPU, room)


FAULTS = {
    "the dual": lambda rule, delta: (rule._replace(tau=1.001 * rule.tau), delta),
    "the parameter": lambda rule, delta: (rule, 1.001 * delta),
    "decay": lambda rule, delta: (rule._replace(decay=0.0), delta),
    "bias correction": lambda rule, delta: (rule._replace(steps=[1e9, 1e9]), delta),
    "averages": lambda rule, delta: (rule._replace(betas=rule.betas[::-1]), delta),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_kernels_that_are_wrong_do_not(fault):
    class Wrong(compiled()):
        def run(self, rule: Rule, J, delta, guard):
            rule, delta = FAULTS[fault](rule, delta)
            super().run(rule, J, delta, guard)

    with pytest.warns(RuntimeWarning, match=r"make the step on cpu, in two passes: .* is wrong by"):
        assert not _probe.agrees(Wrong, ENTRIES, 3, torch.float32, CPU, 1024)


def test_kernels_without_a_guard_do_not():
    class Careless(compiled()):
        def run(self, rule, J, delta, guard):
            super().run(rule, J, delta, False)
            self._bad = self.silent

        silent = 1

    with pytest.warns(RuntimeWarning, match="the dual is wrong by nan"):
        assert not _probe.agrees(Careless, ENTRIES, 1, torch.float32, CPU, 1024)
    _probe.agrees.cache_clear()
    Careless.silent = 0
    with pytest.warns(RuntimeWarning, match="it finds 0 gradients that are not finite, of 1"):
        assert not _probe.agrees(Careless, ENTRIES, 1, torch.float32, CPU, 1024)


@pytest.mark.parametrize("grouped", [False, True])
def test_tiles_cover_every_entry_once(grouped):
    sizes = [(9 * 300, 9), (49, 49), (5, 1), (3 * 5000, 5000), (1, 1), (1024, 16), (2049, 1)]
    lines = np.zeros((len(sizes), _triton.LINE), dtype=np.int64)
    lines[:, [_triton.SIZE, _triton.GROUP]] = sizes
    covered = [np.zeros(n, dtype=int) for n, _ in sizes]
    for (groups, room), own in _triton.tiles(lines, grouped):
        assert room & (room - 1) == 0
        assert groups * room >= _triton.TILE
        for k, first in own.tolist():
            n, size = sizes[k]
            assert not grouped or size <= room
            # As the kernel finds its entries.
            unit = size if grouped else room
            last = (first + groups) * unit
            covered[k][first * unit : min(last, n)] += 1
            assert first * unit < n
    assert all((own == 1).all() for own in covered)


def test_the_kernel_and_the_host_have_the_same_table():
    pytest.importorskip("triton")
    from breglab.nn.optim import _batch, _triton_kernel

    names = ["SIZE", "DUAL", "GRAD", "PARAM", "FIRST", "SECOND", "GROUP", "STEP", "COUNT"]
    for name in [*names, "SPEED", "ROOT", "ALIGNED", "LINE", "GUARD"]:
        assert getattr(_triton_kernel, name).value == getattr(_triton, name)
    for name in ("NONNEGATIVE", "GROUPS"):
        assert getattr(_triton_kernel, name).value == getattr(_batch, name)
    assert set(_triton_kernel.TYPES) == set(_triton.Launched.dtypes)
