"""Small stochastic runs in rational arithmetic, for claims about exact expectations."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from breglab.theory.exact import (
    Level,
    RationalProblem,
    Vec,
    exact_tree,
    rational_least_squares,
    vector,
)

F = Fraction


@dataclass(frozen=True)
class Walk:
    """A stochastic run.

    Attributes
    ----------
    problem : RationalProblem
        The problem.
    v : vector, shape (n,)
        First dual variable.
    tau : tuple of Fraction
        Step sizes; none where the claim chooses them.
    """

    problem: RationalProblem
    v: Vec
    tau: tuple[Fraction, ...] = ()

    def levels(self) -> list[Level]:
        """Return the tree of all its steps."""
        return exact_tree(self.problem, self.v, self.tau)


def one_unknown(sigma: Fraction = Fraction(0)) -> RationalProblem:
    """Return L = theta^2/2, J = 0, delta = 1, noise of +-sigma."""
    noise = (vector(sigma), vector(-sigma)) if sigma else ()
    return RationalProblem((vector(1),), vector(0), F(1), F(1), F(0), F(1), noise, sigma)


def two_unknowns(lam: Fraction, sigma: Fraction = Fraction(0)) -> RationalProblem:
    """Return two unknowns, eigenvalues 1 and 1/4, J = lam |.|_1, noise of two atoms."""
    noise = (vector(sigma, 0), vector(-sigma, 0)) if sigma else ()
    return rational_least_squares(
        vector(1, "1/2"), vector(1, "-1/2"), lam=lam, delta=F(3, 2), noise=noise, sigma=sigma
    )


def walks() -> dict[str, Walk]:
    """Return two unknowns with noise from one start, with J = 0 and with the l1 norm."""
    named = {"zero": F(0), "l1": F(1, 3)}
    return {name: Walk(two_unknowns(lam, F(1, 2)), vector(-1, 2)) for name, lam in named.items()}
