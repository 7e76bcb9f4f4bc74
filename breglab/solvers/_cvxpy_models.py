"""Functionals as cvxpy expressions, written from their definitions and not from our code."""

from __future__ import annotations

import importlib
import math
from functools import singledispatch
from typing import Any

from breglab.geometry import (
    L1,
    Box,
    Functional,
    GroupL12,
    NonNegativeL1,
    SparseGroup,
    TotalVariation1D,
    Zero,
)

Model = tuple[Any, list[Any]]


def cvxpy() -> Any:
    """Return the module cvxpy, which is slow to import, hence on first use only."""
    return importlib.import_module("cvxpy")


@singledispatch
def functional_expression(J: Functional, x: Any) -> Model:
    """Return ``(objective, constraints)`` of J at the cvxpy variable x, shape (n,).

    Raises
    ------
    TypeError
        If J has no cvxpy model here.
    """
    raise TypeError(f"no cvxpy model for {type(J).__name__}")


@functional_expression.register
def _(J: Zero, x: Any) -> Model:
    return 0.0, []


@functional_expression.register
def _(J: L1, x: Any) -> Model:
    return J.lam * cvxpy().norm1(x), []


@functional_expression.register
def _(J: NonNegativeL1, x: Any) -> Model:
    return J.lam * cvxpy().sum(x), [x >= 0]


@functional_expression.register
def _(J: GroupL12, x: Any) -> Model:
    return _group_norms(J.groups, J.lam, x), []


@functional_expression.register
def _(J: SparseGroup, x: Any) -> Model:
    return J.lam * cvxpy().norm1(x) + _group_norms(J.groups, J.lam_group, x), []


@functional_expression.register
def _(J: TotalVariation1D, x: Any) -> Model:
    return J.lam * cvxpy().norm1(cvxpy().diff(x)), []


@functional_expression.register
def _(J: Box, x: Any) -> Model:
    bounds = [x >= J.lower] if math.isfinite(J.lower) else []
    return 0.0, bounds + ([x <= J.upper] if math.isfinite(J.upper) else [])


def _group_norms(groups: tuple[tuple[int, ...], ...], lam: float, x: Any) -> Any:
    return lam * sum(math.sqrt(len(group)) * cvxpy().norm2(x[list(group)]) for group in groups)
