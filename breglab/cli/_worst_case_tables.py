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

_ROOMY = 90
"""Columns from which on there is room for what a program shows."""
_FLOAT = 15
"""Decimals of an exact number, which no error limits: those of a float of size one."""
_MOST_WEIGHTS = 30
"""Multipliers that are shown, about a screen; a proof over N steps has about 2 N^2 of them."""
_NOTE = (
    "The exact value is that of a semidefinite program: the worst case over all problems of the "
    "class, of any dimension. How far its digits may be off is estimated from what the solution of "
    "the solver violates. The multipliers are the weights of the inequalities that a proof adds up."
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
    from breglab.report.terminal import WIDEST

    table = Table.grid(padding=(0, 3, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    table.add_row("program", Text(f"{program.name}: {program.title}"))
    table.add_row("constants", Text(_given(program.parameters | given)))
    for label, text in (*_rows(outcome), ("seconds", f"{seconds:.2f}")):
        table.add_row(label, Text(text))
    heading = Text(f"{program.claim}  {title}", "bold")
    return Constrain(Group(heading, Text(), table, Text(), Text(_NOTE, "dim")), WIDEST)


def _rows(outcome: WorstCase | SeveralSteps) -> Iterator[tuple[str, str]]:
    from breglab.theory.worst_case import WorstCase

    if isinstance(outcome, WorstCase):
        yield from _worst(outcome)
        return
    yield from _worst(outcome.one)
    yield from _worst(outcome.together)
    yield "gain", f"{_gain(outcome)}, one step {outcome.steps} times over all at once"


def _worst(found: WorstCase) -> Iterator[tuple[str, str]]:
    yield "", ""
    yield "quantity", found.quantity
    yield "exact value", f"{_number(found.value, found.accuracy, 10)}, within {found.accuracy:.0e}"
    for name, bound in (("printed bound", found.printed), ("sharp bound", found.sharp)):
        yield name, "none" if bound is None else _number(bound) + _ratio(found, bound)
    yield from _multipliers(found)
    if found.status != "optimal":
        yield "solver", found.status


def _multipliers(found: WorstCase) -> Iterator[tuple[str, str]]:
    """Say the multipliers, of many the largest ones."""
    weights = found.multipliers
    least = sorted(map(abs, weights.values()), reverse=True)[:_MOST_WEIGHTS]
    shown = {name: value for name, value in weights.items() if abs(value) >= least[-1]}
    for i, (name, weight) in enumerate(shown.items()):
        yield "" if i else "multipliers", f"{_number(weight, 1e-7):>10}  {name}"
    if len(shown) < len(weights):
        yield "", f"and {len(weights) - len(shown)} smaller ones"


def _gain(found: SeveralSteps) -> str:
    one, together = found.one, found.together
    if min(one.value - one.accuracy, together.value - together.accuracy) <= 0:
        return "not known"
    off = found.steps * one.accuracy / one.value + together.accuracy / together.value
    return _number(found.gain, found.gain * off)


def _ratio(found: WorstCase, bound: float) -> str:
    """Say how much of a bound is attained; a ratio to zero, of zero, or of signs, says nothing."""
    value = found.value
    if not math.isfinite(bound) or value * bound <= 0 or abs(value) <= found.accuracy:
        return ""
    return f", exact/bound {_number(value / bound, found.accuracy / abs(bound), 4)}"


def _number(value: float, accuracy: float = 1e-15, digits: int = 6) -> str:
    """Return a number with the digits that are known and wanted."""
    if not math.isfinite(value):
        return "unbounded"
    decimals = math.floor(-math.log10(accuracy)) if accuracy else _FLOAT
    return f"{round(value, decimals) + 0.0:.{digits}g}"


def _given(parameters: dict[str, Value]) -> str:
    return ", ".join(
        f"{name} = {value if isinstance(value, str) else f'{value:g}'}"
        for name, value in parameters.items()
    )
