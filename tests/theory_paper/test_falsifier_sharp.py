"""Bounds that are attained: a constant that is better by a hundredth is found to be false."""

from __future__ import annotations

from dataclasses import replace

import pytest

from breglab.theory.falsifier import ROUNDING, falsify
from breglab.theory.one_step import INEQUALITIES

BY_ID = {inequality.id: inequality for inequality in INEQUALITIES}

# What becomes of the terms of the left and of the right side.
BETTER = {
    "19": lambda s, left, right: ((*left, 0.01 * s.increment2 / (2 * s.delta * s.tau)), right),
    "20": lambda s, left, right: (left, (right[0], 0.99 * right[1])),
    "20-half": lambda s, left, right: (left, (right[0], 0.99 * right[1])),
    "20-one": lambda s, left, right: (left, (right[0], 0.99 * right[1])),
    "35": lambda s, left, right: (left, (right[0], 1.01 * right[1], right[2])),
    "35-three-point": lambda s, left, right: (left, (0.99 * right[0],)),
    "37": lambda s, left, right: (left, (right[0], 1.01 * right[1])),
    "43": lambda s, left, right: (left, (0.99 * right[0],)),
    "44": lambda s, left, right: (left, (right[0], 1.01 * right[1], right[2])),
    "44-long": lambda s, left, right: (left, (right[0], 1.01 * right[1], right[2])),
}


@pytest.mark.parametrize("row", BETTER)
def test_a_constant_that_is_better_by_a_hundredth_is_falsified(row):
    """With J = 0, where all of them are attained: L and mu are those of the drawn losses."""
    honest = BY_ID[row]
    better = replace(honest, sides=lambda step: BETTER[row](step, *honest.sides(step)))
    assert falsify(better, "zero", evaluations=3000).worst < -1e-3
    assert falsify(honest, "zero", evaluations=3000).worst > -ROUNDING
