"""From a floating-point dual solution to an exact certificate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from breglab._checks import positive
from breglab.theory.certificates._dual import Proof, central_multipliers, smallest_bound
from breglab.theory.certificates._forms import Exact, Forms
from breglab.theory.certificates.certificate import Certificate, Statement

# Simple numbers are tried first: where the proof is unique they are the true ones.
_DENOMINATORS = (24, 100, 1000, 10**6)
# Multipliers below this size are the solver's zeros.
_NEGLIGIBLE = 1e-6


def certify(
    statement: Statement,
    inequalities: Sequence[str],
    *,
    bound: Fraction | None = None,
    slack: float = 1e-4,
) -> Certificate:
    """Find multipliers that prove a statement exactly.

    The dual semidefinite program gives multipliers in floating point. They are rounded to
    fractions, corrected so that the function values cancel exactly (linear equations over the
    rationals), and the residual matrix is tested by an exact ``L D L^T``. The result has passed
    the independent checker.

    Parameters
    ----------
    statement : Statement
        What is to be bounded.
    inequalities : sequence of str
        Inequalities that the proof may use, see `Certificate`. Few of them make a readable proof,
        and where it is unique an exact one.
    bound : Fraction, optional
        The bound to be proved, for bounds that are known in closed form. Unless given, the
        smallest provable one plus `slack`, rounded up to six digits.
    slack : float
        Room that makes the residual matrix positive definite, > 0.

    Returns
    -------
    Certificate
        Verified.

    Raises
    ------
    ValueError
        If no proof was found with these inequalities.
    ImportError
        If cvxpy is not installed.

    Notes
    -----
    Performance estimation: Taylor, Hendrickx and Glineur, Math. Program. 161 (2017). The
    rounding to rational numbers: Peyrl and Parrilo, Theor. Comput. Sci. 409 (2008).
    """
    slack = positive(slack, "slack")
    proof = _proof(statement, inequalities)
    if bound is None:
        smallest, _ = smallest_bound(proof)
        bound = Fraction(math.ceil((smallest + slack) * 10**6), 10**6)
    found = central_multipliers(proof, float(bound))
    refusal = ""
    for denominator in _DENOMINATORS:
        try:
            exact = _repaired(proof, bound, _rounded(found, denominator))
            certificate = _certificate(statement, inequalities, proof, bound, exact)
            certificate.verify()
        except ValueError as error:
            refusal = str(error)
        else:
            return certificate
    raise ValueError(f"no exact proof of {statement.name} with bound {bound}: {refusal}")


def _proof(statement: Statement, inequalities: Sequence[str]) -> Proof:
    forms = Forms(statement)
    terms = [c * forms.quantity(name) for name, c in statement.lhs.items()]
    return Proof(
        sum(terms[1:], start=terms[0]),
        forms.quantity(statement.reference),
        tuple(forms.inequality(name) for name in inequalities),
    )


def _rounded(found: npt.NDArray[np.float64], denominator: int) -> list[Fraction]:
    return [
        Fraction(x).limit_denominator(denominator) if x > _NEGLIGIBLE else Fraction(0)
        for x in found.tolist()
    ]


def _repaired(proof: Proof, bound: Fraction, rounded: list[Fraction]) -> list[Fraction]:
    """Return the multipliers, those of the largest inequalities corrected to cancel the values."""
    order = sorted((i for i, m in enumerate(rounded) if m > 0), key=lambda i: -rounded[i])
    columns = [proof.equations(proof.inequalities[i]) for i in order]
    defect = bound * proof.equations(proof.reference) - proof.equations(proof.left)
    for i, column in zip(order, columns, strict=True):
        defect = defect - rounded[i] * column
    corrected = list(rounded)
    for i, change in zip(order, _solution(columns, defect), strict=True):
        corrected[i] += change
    return corrected


def _solution(columns: list[Exact], right: Exact) -> list[Fraction]:
    """Solve ``sum_i x_i columns_i = right`` exactly, the first independent columns used.

    Raises
    ------
    ValueError
        If there is no solution.
    """
    table = np.array([*columns, right], dtype=object).T
    pivots: list[int] = []
    for column in range(len(columns)):
        row = len(pivots)
        candidates = [r for r in range(row, len(table)) if table[r, column] != 0]
        if not candidates:
            continue
        table[[row, candidates[0]]] = table[[candidates[0], row]]
        table[row] = table[row] / table[row, column]
        for other in range(len(table)):
            if other != row:
                table[other] = table[other] - table[other, column] * table[row]
        pivots.append(column)
    if any(entry != 0 for entry in table[len(pivots) :, -1]):
        raise ValueError("the function values cannot be made to cancel")
    solution = [Fraction(0)] * len(columns)
    for row, column in enumerate(pivots):
        solution[column] = table[row, -1]
    return solution


def _certificate(
    statement: Statement,
    inequalities: Sequence[str],
    proof: Proof,
    bound: Fraction,
    exact: list[Fraction],
) -> Certificate:
    residual = bound * proof.reference + Fraction(-1) * proof.left
    for form, multiplier in zip(proof.inequalities, exact, strict=True):
        residual = residual + -multiplier * form
    kept = {name: m for name, m in zip(inequalities, exact, strict=True) if m != 0}
    matrix = tuple(tuple(Fraction(entry) for entry in row) for row in residual.gram)
    return Certificate(statement, bound, kept, matrix)
