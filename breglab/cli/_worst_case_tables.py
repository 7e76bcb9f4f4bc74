"""The tables of ``breglab worst-case``."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from breglab.theory.worst_case import SeveralSteps, WorstCase
    from breglab.theory.worst_case.programs import ClaimProgram, Value

_WIDEST = 100
_ROOMY = 90
_NOTE = (
    "The exact value is that of a semidefinite program, up to the accuracy of its solver of about "
    "1e-7: the worst case over all problems of the class, of any dimension. The multipliers are "
    "the weights of the inequalities that a proof adds up."
)


def program_table(programs: Iterable[ClaimProgram], width: int) -> Table:
    """Return one row a program: its claim, name, the parameters of its example, what that shows.

    What it shows is left out where the terminal has less than 90 columns.
    """
    from breglab.report.terminal import plain_table

    table = plain_table()
    for name in ("claim", "program"):
        table.add_column(name, no_wrap=True)
    table.add_column("example")
    if width >= _ROOMY:
        table.add_column("what it shows")
    for program in programs:
        cells = [Text(_given(program.parameters)), Text(program.shows)]
        table.add_row(program.claim, program.name, *cells[: len(table.columns) - 2])
    table.caption = Text(
        "breglab worst-case CLAIM solves the first program of a claim for its example, "
        "--program NAME another one, and --param NAME=VALUE changes a constant."
    )
    table.caption_justify = "left"
    return table


def outcome_table(
    program: ClaimProgram,
    title: str,
    given: dict[str, Value],
    outcome: WorstCase | SeveralSteps,
    seconds: float,
) -> RenderableType:
    """Return what a program found.

    Parameters
    ----------
    program : ClaimProgram
        Which one.
    title : str
        Of its claim.
    given : dict
        The parameters that were not those of the example.
    outcome : WorstCase or SeveralSteps
        What it returned.
    seconds : float
        How long that took.
    """
    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    table.add_row("program", Text(f"{program.name}: {program.title}"))
    table.add_row("constants", Text(_given(program.parameters | given)))
    for label, text in (*_rows(outcome), ("seconds", f"{seconds:.2f}")):
        table.add_row(label, Text(text))
    heading = Text(f"{program.claim}  {title}", "bold")
    return Constrain(Group(heading, Text(), table, Text(), Text(_NOTE, "dim")), _WIDEST)


def _rows(outcome: WorstCase | SeveralSteps) -> Iterator[tuple[str, str]]:
    from breglab.theory.worst_case import WorstCase

    if isinstance(outcome, WorstCase):
        yield from _worst(outcome)
        return
    yield from _worst(outcome.one)
    yield from _worst(outcome.together)
    yield "gain", f"{_number(outcome.gain)}, one step {outcome.steps} times over all at once"


def _worst(found: WorstCase) -> Iterator[tuple[str, str]]:
    yield "", ""
    yield "quantity", found.quantity
    yield "exact value", _number(found.value)
    for name, bound in (("printed bound", found.printed), ("sharp bound", found.sharp)):
        yield name, "none" if bound is None else _number(bound) + _ratio(found.value, bound)
    for i, (name, weight) in enumerate(found.multipliers.items()):
        yield "" if i else "multipliers", f"{_number(weight):>10}  {name}"
    if found.status != "optimal":
        yield "solver", found.status


def _ratio(value: float, bound: float) -> str:
    """Say how much of a bound is attained; a ratio to zero, or of signs, says nothing."""
    if not (math.isfinite(value) and math.isfinite(bound)) or value * bound <= 0:
        return ""
    return f", exact/bound {value / bound:.4g}"


def _number(value: float) -> str:
    return f"{round(value, 7) + 0.0:.6g}" if math.isfinite(value) else "unbounded"


def _given(parameters: dict[str, Value]) -> str:
    return ", ".join(
        f"{name} = {value if isinstance(value, str) else f'{value:g}'}"
        for name, value in parameters.items()
    )
