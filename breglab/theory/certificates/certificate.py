"""Statements about a run, and certificates that prove them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from breglab.theory.certificates.checker import check, fraction

_HYPOTHESES = {
    "loss": "the loss is mu-strongly convex and its gradient L-Lipschitz",
    "descent": "the loss satisfies (3.3) with constant L",
    "map": "phi is 1/delta-strongly convex",
    "A5": "loss and phi satisfy Assumption 5 with constant nu at these points",
}


@dataclass(frozen=True)
class Statement:
    """``sum of lhs <= bound * reference`` along N steps, for a bound that is to be found.

    Attributes
    ----------
    name : str
        A unique short name.
    steps : int
        N >= 1 steps of (2.14) from theta^0, v^0 with m^0 = 0; linearized Bregman for beta = 0.
    parameters : mapping of str to Fraction
        tau, beta, L, and delta exactly where map or A5 inequalities are used, mu for loss, nu <=
        delta L for A5.
    lhs : mapping of str to Fraction
        Coefficients of quantities: ``"d k"`` (Bregman distance d_k to theta*), ``"loss k"``
        (L(theta^k) - L*), ``"error k"`` (|theta^k - theta*|^2), ``"gradient k"`` (squared norm),
        ``"increment k"`` (|theta^{k+1} - theta^k|^2), ``"symmetric k"`` (the symmetric distance
        D_phi^sym = <v^{k+1} - v^k, theta^{k+1} - theta^k>).
    reference : str
        The quantity on the right.
    """

    name: str
    steps: int
    parameters: Mapping[str, Fraction]
    lhs: Mapping[str, Fraction]
    reference: str


@dataclass(frozen=True)
class Certificate:
    """A proof of a statement with a bound, all numbers exact.

    Attributes
    ----------
    statement : Statement
        What is bounded.
    bound : Fraction
        By how much.
    multipliers : mapping of str to Fraction
        The inequalities that are added up, with their weights > 0: ``"loss i j"``,
        ``"descent i j"``, ``"map i j"``, ``"A5 i j"``, see `breglab.theory.certificates.checker`.
    matrix : tuple of tuples of Fraction, shape (2N + 4, 2N + 4)
        The positive semidefinite form that is left, in the basis ``v*, v0, x0..xN, g0..gN``.
    """

    statement: Statement
    bound: Fraction
    multipliers: Mapping[str, Fraction]
    matrix: tuple[tuple[Fraction, ...], ...]

    @property
    def sentence(self) -> str:
        """The inequality that is proved, as text."""
        terms = " + ".join(f"({c}) {name}" for name, c in self.statement.lhs.items())
        return f"{terms} <= ({self.bound}) {self.statement.reference}"

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """The assumptions that the proof uses, a sentence each."""
        used = [name.split(" ") for name in self.multipliers]
        kinds = {kind for kind, *_ in used}
        found = [text for kind, text in _HYPOTHESES.items() if kind in kinds]
        # Interpolation uses the gradients at both points, the other inequalities slopes at one.
        if any(of == "*" or (kind == "loss" and to == "*") for kind, to, of in used):
            found.append("grad L(theta*) = 0")
        if any(of == "*" and kind in ("map", "A5") for kind, _, of in used):
            found.append("phi has a subgradient v* at theta*")
        return tuple(found)

    def verify(self) -> None:
        """Have the independent checker read the JSON text.

        Raises
        ------
        ValueError
            If it is no proof.
        """
        check(json.loads(self.to_json()))

    def to_json(self) -> str:
        """Return the certificate as JSON text, numbers as strings."""
        statement = self.statement
        return json.dumps(
            {
                "name": statement.name,
                "steps": statement.steps,
                "parameters": _strings(statement.parameters),
                "lhs": _strings(statement.lhs),
                "reference": statement.reference,
                "bound": str(self.bound),
                "multipliers": _strings(self.multipliers),
                "matrix": [[str(entry) for entry in row] for row in self.matrix],
            },
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str) -> Certificate:
        """Read a certificate; `verify` decides whether it is one.

        Raises
        ------
        ValueError
            If the text is not of the form that `to_json` writes.
        """
        try:
            return cls._from_document(json.loads(text))
        except (ArithmeticError, AttributeError, LookupError, TypeError) as error:
            raise ValueError(f"not a certificate: {type(error).__name__}: {error}") from error

    @classmethod
    def _from_document(cls, document: Any) -> Certificate:
        statement = Statement(
            document["name"],
            document["steps"],
            _fractions(document["parameters"]),
            _fractions(document["lhs"]),
            document["reference"],
        )
        matrix = tuple(tuple(fraction(entry) for entry in row) for row in document["matrix"])
        multipliers = _fractions(document["multipliers"])
        return cls(statement, fraction(document["bound"]), multipliers, matrix)


def _strings(numbers: Mapping[str, Fraction]) -> dict[str, str]:
    return {name: str(number) for name, number in numbers.items()}


def _fractions(numbers: Mapping[str, str]) -> dict[str, Fraction]:
    return {name: fraction(number) for name, number in numbers.items()}
