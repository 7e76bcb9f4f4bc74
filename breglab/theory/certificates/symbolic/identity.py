"""Inequalities proved by an identity with all parameters symbolic."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

Expression = Any
"""A sympy expression."""


def sympy() -> Any:
    """Return the module sympy, which is an optional dependency.

    Raises
    ------
    ImportError
        If sympy is not installed; the message names the extra.
    """
    try:
        return importlib.import_module("sympy")
    except ImportError as error:
        raise ImportError(
            "symbolic certificates need sympy: install it by `pip install breglab[theory]`"
        ) from error


@dataclass(frozen=True)
class Term:
    """A quantity >= 0 with its weight in a proof.

    Attributes
    ----------
    name : str
        Why it is nonnegative.
    weight : sympy expression
        In the parameters alone, >= 0 under the conditions of the identity.
    value : sympy expression
        The quantity; in expectation >= 0 where it contains two independent copies of a step.
    """

    name: str
    weight: Expression
    value: Expression


@dataclass(frozen=True)
class Identity:
    """``right - left = sum of weight * value + mean_zero``, which proves ``E left <= E right``.

    Both sides are linear combinations of inner products of vectors and of function values. Such
    an identity holds for vectors exactly if it holds for numbers in their place: the coefficients
    of the products are the same. The vectors are therefore written as scalar symbols.

    Attributes
    ----------
    row, title, latex : str
        Row of the claim, a few words, and the inequality (or the equality) as LaTeX.
    right, left : sympy expression
        The two sides.
    terms : tuple of Term
        The proof. Empty for an equality.
    mean_zero : sympy expression
        Linear in the noise xi, with factors that are known before it is drawn or belong to an
        independent copy of the step: its expectation is zero. Zero for exact gradients.
    conditions : tuple of sympy relations
        The range of the parameters in which all weights are >= 0.
    """

    row: str
    title: str
    latex: str
    right: Expression
    left: Expression
    terms: tuple[Term, ...] = ()
    mean_zero: Expression = 0
    conditions: tuple[Any, ...] = ()

    @property
    def residual(self) -> Expression:
        """``right - left`` less the proof, simplified: the proof is one exactly if this is zero."""
        proof = self.mean_zero
        for term in self.terms:
            proof = proof + term.weight * term.value
        return sympy().simplify(self.right - self.left - proof)
