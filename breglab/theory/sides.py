"""What the two sides of the claims on runs are made of, and how they are compared."""

from __future__ import annotations

from typing import Any

import numpy as np

from breglab._checks import Values
from breglab.geometry import ElasticNet
from breglab.problems import LeastSquares
from breglab.theory.instance import Run
from breglab.theory.margins import Margins, joined

TOLERANCE = 1e-10
"""Relative tolerance of the inequalities between terms of a run."""


def error2(run: Run, theta: Values) -> Values:
    """Return ``|theta - theta*|^2`` over the last axis."""
    squares: Values = np.sum((theta - np.asarray(run.instance.theta_star)) ** 2, axis=-1)
    return squares


def forward_distance(run: Run) -> Values:
    """Return ``E D_J^p(theta^{k+1}, theta^k)`` at every iterate, shape (samples,)."""
    phi, t = run.instance.phi, run.transitions
    assert isinstance(phi, ElasticNet)
    p = run.v - run.theta / phi.delta
    return t.expect(phi.J.bregman_distance(t.theta, run.theta, p))


def measurements(run: Run) -> tuple[Any, Any]:
    """Return A, shape (m, n), and b, shape (m,), of a least-squares problem."""
    loss = run.instance.loss
    assert isinstance(loss, LeastSquares)
    return loss.matrix, loss.target


def compare(run: Run, lhs: Values, rhs: Values, *terms: Values) -> Margins:
    """Return the margins of ``lhs <= rhs``; the scale is that of d_k, both sides and the terms.

    Parameters
    ----------
    run : Run
        The run, with a reference point theta*.
    lhs, rhs : array, shape (samples,)
        The two sides at every iterate.
    terms : array, shape (samples,)
        Further terms that the sides are differences of.
    """
    scale = run.transitions.distance_scale + np.abs(lhs) + np.abs(rhs)
    for term in terms:
        scale = scale + np.abs(term)
    return Margins(run.trace.k, lhs, rhs, scale, TOLERANCE)


def attained(claim: str, run: Run, upper: Margins, *, start_only: bool = False) -> Margins:
    """Return the margins, and those of the reverse inequality where the instance attains it.

    Parameters
    ----------
    claim : str
        Id of the claim; the instance names those that it attains.
    run : Run
        The run.
    upper : Margins
        Margins of ``lhs <= rhs``.
    start_only : bool
        Whether equality is attained by the first iterate alone.
    """
    if claim not in run.instance.attains:
        return upper
    lower = Margins(upper.k, upper.rhs, upper.lhs, upper.scale, upper.tolerance)
    return joined(upper, lower.at(0) if start_only else lower)
