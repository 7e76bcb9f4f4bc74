"""The dual program of a worst case: multipliers that prove the smallest bound."""

from __future__ import annotations

import importlib
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from breglab._checks import Values
from breglab.theory.certificates._forms import Exact, Form


@dataclass(frozen=True)
class Proof:
    """The equations of a proof, exact.

    Attributes
    ----------
    left : Form
        What is bounded.
    reference : Form
        The quantity on the right.
    inequalities : tuple of Form
        The forms >= 0 that may be added up.
    """

    left: Form
    reference: Form
    inequalities: tuple[Form, ...]

    @property
    def idle(self) -> npt.NDArray[np.bool_]:
        """Vectors whose squared norm is in no form: their rows of the residual must vanish."""
        forms = (self.left, self.reference, *self.inequalities)
        return np.array(
            [not any(f.gram[a, a] for f in forms) for a in range(len(self.left.gram))], dtype=bool
        )

    def equations(self, form: Form) -> Exact:
        """Return the entries of a form that must vanish in the residual."""
        return np.concatenate([form.values, form.gram[self.idle].ravel()])


def smallest_bound(proof: Proof) -> tuple[float, Values]:
    """Return the smallest provable bound and its multipliers, in floating point.

    Raises
    ------
    ValueError
        If the inequalities prove no bound at all.
    """
    cp = _cvxpy()
    bound = cp.Variable()
    multipliers = cp.Variable(len(proof.inequalities), nonneg=True)
    residual, conditions = _residual(cp, proof, bound, multipliers)
    _solve(cp, bound, [*conditions, residual >> 0])
    return float(bound.value), np.asarray(multipliers.value)


def central_multipliers(proof: Proof, bound: float) -> Values:
    """Return multipliers that prove a bound with the most room in the residual matrix.

    Raises
    ------
    ValueError
        If no multipliers prove it.
    """
    cp = _cvxpy()
    room = cp.Variable()
    multipliers = cp.Variable(len(proof.inequalities), nonneg=True)
    residual, conditions = _residual(cp, proof, bound, multipliers)
    inside = residual >> room * np.eye(residual.shape[0])
    # Of the proofs with the same room the shortest one.
    _solve(cp, -room + 1e-6 * cp.sum(multipliers), [*conditions, inside, room <= 1])
    return np.asarray(multipliers.value)


def _residual(cp: Any, proof: Proof, bound: Any, multipliers: Any) -> tuple[Any, list[Any]]:
    """Return the matrix that is left, without the idle vectors, and the equations of the rest."""
    n = len(proof.left.gram)
    grams = np.array([f.gram.astype(np.float64).ravel() for f in proof.inequalities])
    reference, left = (f.gram.astype(np.float64) for f in (proof.reference, proof.left))
    residual = bound * reference - left - cp.reshape(grams.T @ multipliers, (n, n), order="C")
    added = np.array([proof.equations(f).astype(np.float64) for f in proof.inequalities])
    right = proof.equations(proof.reference).astype(np.float64)
    rest = proof.equations(proof.left).astype(np.float64)
    used = np.any(added != 0, axis=0) | (right != 0) | (rest != 0)
    equations = bound * right[used] - rest[used] - added.T[used] @ multipliers
    free = np.flatnonzero(~proof.idle)
    return residual[np.ix_(free, free)], [equations == 0]


def _solve(cp: Any, objective: Any, conditions: list[Any]) -> None:
    problem = cp.Problem(cp.Minimize(objective), conditions)
    with warnings.catch_warnings():
        # An inaccurate solution is rounded and then decided exactly like any other.
        warnings.filterwarnings("ignore", message="Solution may be inaccurate")
        problem.solve(solver="CLARABEL")
    if problem.status not in ("optimal", "optimal_inaccurate"):
        raise ValueError(f"the inequalities prove no such bound: the program is {problem.status}")


def _cvxpy() -> Any:
    """Return the module cvxpy, which is slow to import, hence on first use only."""
    return importlib.import_module("cvxpy")
