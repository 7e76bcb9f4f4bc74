"""A figure or a table: which jobs it needs, how it is shown, what it must show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from _framework.jobs import Job
from _framework.runs import Runs

PROTOCOLS = ("smoke", "reduced", "full")
"""Minutes on scikit-learn's digits; what two cores can do; the paper's epochs and seeds."""


@dataclass(frozen=True)
class Claim:
    """Something that the runs must show.

    Attributes
    ----------
    text : str
        The claim.
    holds : bool
        Whether the runs show it.
    measured : str
        The numbers that decide.
    """

    text: str
    holds: bool
    measured: str


def _nothing(runs: Runs) -> list[Claim]:
    return []


@dataclass(frozen=True)
class Experiment:
    """A figure or a table of the paper, or a counterpart of one.

    `draw`, `table` and `claims` are functions of the runs alone, and see no files.

    Attributes
    ----------
    title : str
        One line.
    plan : callable
        From a protocol to its jobs.
    table : callable
        From the runs to a table in Markdown.
    draw : callable, optional
        From the runs to a picture.
    claims : callable
        From the runs to what they must show.
    protocols : dict
        From the protocols that it has to what each of them is, in a sentence.
    vector : bool
        Whether the picture is also written as SVG, which has no use for photographs.
    alt : str
        What the picture shows, for those who do not see it; the title unless given.
    """

    title: str
    plan: Callable[[str], Sequence[Job]]
    table: Callable[[Runs], str]
    protocols: dict[str, str]
    draw: Callable[[Runs], Any] | None = None
    claims: Callable[[Runs], Sequence[Claim]] = _nothing
    vector: bool = True
    alt: str = ""
