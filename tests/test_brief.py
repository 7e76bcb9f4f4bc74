"""What a notebook shows of a result: its arrays by their shapes, everything else as it is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from breglab._brief import Brief
from breglab.problems import load, sparse_recovery
from breglab.solvers import (
    basis_pursuit,
    bregman_denoising,
    bregman_iteration,
    compare_scales,
    flow,
    inverse_scale_space_path,
    lasso_path,
    rof,
)


@dataclasses.dataclass(frozen=True, repr=False)
class Record(Brief):
    x: np.ndarray
    gap: np.float64
    history: dict[str, np.ndarray]
    names: tuple[str, ...] = ()
    _hidden: int = 7


def test_arrays_are_shown_by_shape_and_mappings_by_keys():
    record = Record(np.zeros((2, 3)), np.float64(0.5), {"gap": np.zeros(9), "support": np.ones(9)})
    assert repr(record) == (
        "Record(x=<ndarray (2, 3)>, gap=np.float64(0.5), history=<gap, support>, names=())"
    )
    some, many = (dataclasses.replace(record, names=tuple("abcdefghijkl")[:k]) for k in (2, 12))
    assert repr(some).endswith("names=('a', 'b'))")
    assert repr(many).endswith("names=<tuple (12,)>)")


MADE = sparse_recovery("gaussian", 60, 120, 4)
STEP = np.repeat([0.0, 1.0], 40)


@pytest.mark.parametrize(
    "make",
    [
        lambda: MADE,
        lambda: load("diabetes-cs"),
        lambda: basis_pursuit(MADE.A, MADE.b),
        lambda: inverse_scale_space_path(MADE.A, MADE.b),
        lambda: lasso_path(MADE.A, MADE.b),
        lambda: bregman_iteration(MADE.A, MADE.b, 1.0, steps=3),
        lambda: flow(MADE.A, MADE.b, 1.0, delta=1.0),
        lambda: rof(STEP, 1.0),
        lambda: bregman_denoising(STEP, 1.0, steps=3),
    ],
)
def test_results_are_shown_in_a_few_lines(make):
    shown = repr(make())
    assert len(shown) < 1000
    assert "\n" not in shown
    assert "array(" not in shown


def test_what_is_made_of_such_results_is_short_as_well():
    shown = repr(compare_scales(MADE.A, MADE.b, t_max=1.0))
    assert shown.startswith("Scales(path=Path(times=<ndarray (")
    assert "array(" not in shown


def test_a_callback_can_print_what_it_gets():
    seen = []
    basis_pursuit(MADE.A, MADE.b, callback=lambda progress: seen.append(repr(progress)))
    assert seen[0].startswith("Progress(iteration=1, seconds=")
    assert all("x=<ndarray (120,)>, y=<ndarray (60,)>" in shown for shown in seen)
