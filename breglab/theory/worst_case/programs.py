"""Which semidefinite program belongs to which claim, with an example of its constants."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from breglab.theory.worst_case.bregman_rate import bregman_rate
from breglab.theory.worst_case.convex_rate import convex_rate
from breglab.theory.worst_case.distance_decay import distance_decay
from breglab.theory.worst_case.loss_decay import loss_decay
from breglab.theory.worst_case.momentum import momentum_increase
from breglab.theory.worst_case.noise_term import noise_term
from breglab.theory.worst_case.norm_decay import norm_decay, norm_decay_range
from breglab.theory.worst_case.result import WorstCase
from breglab.theory.worst_case.several_steps import SeveralSteps, several_steps

Value = float | int | str


@dataclass(frozen=True)
class ClaimProgram:
    """A worst-case function in the service of a claim.

    Attributes
    ----------
    claim : str
        Id of the claim.
    function : function
        Of `breglab.theory.worst_case`; its keywords are the parameters.
    example : mapping of str to number
        Constants for the parameters that have no default; chosen so that they show the point of
        the claim.
    shows : str
        What the example shows, in a sentence.
    """

    claim: str
    function: Callable[..., WorstCase | SeveralSteps]
    example: Mapping[str, Value] = field(default_factory=dict)
    shows: str = ""

    @property
    def name(self) -> str:
        """Name of the function."""
        return self.function.__name__

    @property
    def title(self) -> str:
        """What it returns: the first line of the function's docstring."""
        first = (inspect.getdoc(self.function) or "").partition("\n")[0].removeprefix("Return ")
        return first.removesuffix(".")

    @property
    def parameters(self) -> dict[str, Value]:
        """All parameters with their values in the example."""
        signature = inspect.signature(self.function).parameters.values()
        return {one.name: self.example.get(one.name, one.default) for one in signature}

    @property
    def allowed(self) -> dict[str, str]:
        """What each parameter is and may be, from the function's docstring."""
        text = inspect.getdoc(self.function) or ""
        section = re.search(r"^Parameters\n-+\n(.*?)\n\n\w+\n-+$", text, re.S | re.M)
        entry = re.compile(r"^(\S.*?) : (.*)\n((?:    .*\n?)+)", re.M)
        found: dict[str, str] = {}
        for names, kind, meaning in entry.findall(section[1] if section else ""):
            told = " ".join(meaning.split()).removesuffix(".")
            if kind.startswith("{"):
                told = f"one of {kind[1:-1]}"
            found |= dict.fromkeys(names.split(", "), told)
        return found

    def run(self, **given: Value) -> WorstCase | SeveralSteps:
        """Solve the program for the example with some of its parameters changed.

        Raises
        ------
        ValueError
            If a name is unknown, with what is allowed, or a value is out of its range.
        TypeError
            If a value is of the wrong kind.
        ImportError
            If PEPit is not installed.
        """
        for name in given:
            if name not in self.parameters:
                known = "; ".join(f"{one} ({text})" for one, text in self.allowed.items())
                near = difflib.get_close_matches(name, self.parameters, n=1)
                hint = f" (did you mean {near[0]}?)" if near else ""
                raise ValueError(f"{self.name} has no parameter {name!r}{hint}; it has {known}")
        return self.function(**(self.parameters | given))


_UNIT: dict[str, Value] = {"L": 1.0, "delta": 1.0}


def _program(
    claims: str, function: Callable[..., WorstCase | SeveralSteps], shows: str, **example: Value
) -> tuple[ClaimProgram, ...]:
    known = inspect.signature(function).parameters
    values = {name: value for name, value in (_UNIT | example).items() if name in known}
    return tuple(ClaimProgram(claim, function, values, shows) for claim in claims.split())


PROGRAMS: tuple[ClaimProgram, ...] = (
    *_program("18", loss_decay, "at tau = 2/(delta L) no constant C > 0 is left", tau=2.0, C=0.1),
    *_program("18-corrected 19", loss_decay, "C = 2 - delta L tau is the exact constant",
              tau=1.0, C=1.0),
    *_program("20", noise_term, "the printed noise term is loose for c < 1, here about twice the "
              "sharp one", tau=1.0, c=0.3),
    *_program("23", loss_decay, "the loss decreases up to tau = 2/(delta L), which is C = 0",
              tau=2.0, C=0.0),
    *_program("32", norm_decay, "the printed range of steps is safe", mu=0.25, tau=0.125),
    *_program("32-beyond", norm_decay, "(3.8) at tau = 1/(delta L), without noise",
              mu=0.25, tau=1.0),
    *_program("34", norm_decay_range, "(3.8) holds for far longer steps than the printed ones",
              kappa=0.25),
    *_program("34", norm_decay, "beyond the exact range (3.8) is violated", mu=0.25, tau=1.95),
    *_program("35 35-three-point", distance_decay, "the closed form is the worst case",
              mu=0.25, tau=0.5),
    *_program("44", bregman_rate, "the sharp factor contracts where the printed one does not",
              nu=0.5, tau=1.0, assumption="current"),
    *_program("44-long", bregman_rate, "steps beyond 1/(delta L) contract, too",
              nu=0.5, tau=1.5, assumption="current"),
    *_program("44-refined", bregman_rate, "the refined factor is the worst case",
              nu=0.75, tau=0.5, assumption="current"),
    *_program("44", several_steps, "two steps analysed together contract more than twice one",
              nu=0.5, tau=1.5),
    *_program("X1", momentum_increase, "with momentum the loss can rise in the second step",
              tau=1.0, beta=0.5),
    *_program("X1", convex_rate, "the loss after two steps with momentum", tau=1.0, steps=2,
              beta=0.5),
    *_program("X5", convex_rate, "the rate 1/N is loose by a constant", tau=1.0, steps=3),
)  # fmt: skip
"""Every program, those of a claim in the order of their use."""


def programs_of(claim: str) -> tuple[ClaimProgram, ...]:
    """Return the programs of a claim, none for most of them."""
    return tuple(program for program in PROGRAMS if program.claim == claim)
