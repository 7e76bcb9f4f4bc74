"""``breglab worst-case``."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Annotated

import typer

from breglab._interrupts import INTERRUPTS
from breglab.cli._console import console, show, why
from breglab.cli._interrupt import INTERRUPTED, ending_at_interrupt
from breglab.cli._options import meant

if TYPE_CHECKING:
    from breglab.theory.worst_case.programs import ClaimProgram, Value

_LONG = 20
"""Steps beyond which it is said that they take time; these take a few seconds."""
_MOST_STEPS = 30
"""Steps that take about a minute."""


def worst_case(
    claim: Annotated[
        str | None,
        typer.Argument(
            metavar="CLAIM",
            help="Id of a claim; lists the programs unless given.",
            show_default=False,
        ),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            metavar="NAME=VALUE",
            help="A constant, as a decimal or a fraction: tau=1/2; can be repeated.",
            show_default=False,
        ),
    ] = None,
    program: Annotated[
        str | None,
        typer.Option(
            "--program",
            metavar="NAME",
            help="Another program of the same claim.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Solve for the worst case of a claim.

    Over all problems of the class, of any dimension, the largest value of what the claim bounds is
    a semidefinite program. It is solved for your constants; for an example where none are given.
    Needs PEPit: pip install "breglab[theory]".

    Exit code: 0 if it was solved, 1 if not or if PEPit is missing, 2 for wrong usage, 130 if
    interrupted.
    """  # fmt: skip
    from breglab.theory.worst_case.programs import PROGRAMS

    if claim is None:
        from breglab.cli._worst_case_tables import program_table

        if param or program:
            raise _refused("CLAIM", "must be given with --param and --program")
        raise typer.Exit(0 if show(program_table(PROGRAMS, console().width)) else 1)
    chosen = _program(claim, program)
    given = _parameters(chosen, param or [])
    _announce(chosen, given)
    try:
        with ending_at_interrupt():
            solved = _solve(chosen, given)
    except INTERRUPTS:
        typer.echo("Interrupted.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(0 if solved else 1)


def _announce(program: ClaimProgram, given: dict[str, Value]) -> None:
    """Say that many steps take time, and refuse more than anybody would wait for in silence.

    The inequalities grow with the square of the steps, and the time with about their fifth power.
    """
    steps = given.get("steps", 0)
    if isinstance(steps, str) or steps <= _LONG:
        return
    if steps > _MOST_STEPS:
        raise _refused(
            "--param",
            f"steps must be at most {_MOST_STEPS}, which takes about a minute, got {steps:g}; "
            f"from Python breglab.theory.worst_case.{program.name} takes more",
        )
    typer.echo(f"Solving for {steps:g} steps; this may take a minute.", err=True)


def _solve(program: ClaimProgram, given: dict[str, Value]) -> bool:
    """Solve a program and print what it found; return whether that worked."""
    from breglab.cli._worst_case_tables import outcome_table
    from breglab.theory import find_claims

    (claim,) = find_claims(program.claim)
    begun = time.perf_counter()
    try:
        outcome = program.run(**given)
    except ImportError as error:
        typer.echo(str(error), err=True)
        return False
    except (ValueError, TypeError) as error:
        raise _refused("--param", str(error)) from error
    except Exception as error:  # of the solver, at constants that are many magnitudes apart
        typer.echo(f"The program could not be solved: {why(error).rstrip('.')}.", err=True)
        return False
    seconds = time.perf_counter() - begun
    return show(outcome_table(program, claim.title, given, outcome, seconds))


def _program(claim: str, name: str | None) -> ClaimProgram:
    from breglab.theory import CLAIMS
    from breglab.theory.worst_case.programs import PROGRAMS, programs_of

    having = list(dict.fromkeys(program.claim for program in PROGRAMS))
    found = programs_of(claim)
    if not found:
        known = claim in [one.id for one in CLAIMS]
        wrong = f"; claim {claim} has no program" if known else f", got {meant(claim, having)}"
        raise _refused("CLAIM", f"must be one of {', '.join(having)}{wrong}")
    names = [program.name for program in found]
    if name is None:
        return found[0]
    if name not in names:
        raise _refused("--program", f"must be one of {', '.join(names)}, got {meant(name, names)}")
    return found[names.index(name)]


def _parameters(program: ClaimProgram, texts: list[str]) -> dict[str, Value]:
    given: dict[str, Value] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not (name and equals):
            raise _refused("--param", f"must be of the form NAME=VALUE, got {text!r}")
        if name in given:
            raise _refused("--param", f"{name} must be given once, got it again by {text!r}")
        example = program.parameters.get(name)
        given[name] = value.strip() if isinstance(example, str) else _number(name, value, example)
    return given


def _number(name: str, text: str, example: Value | None) -> float | int:
    """Return a decimal or a fraction as a number, whole where the example is."""
    try:
        above, slash, below = text.partition("/")
        value = float(above) / float(below) if slash else float(above)
    except (ValueError, ZeroDivisionError):
        value = math.nan
    if math.isnan(value):
        raise _refused(
            "--param", f"{name} must be a number such as 0.5 or 1/2, got {text.strip()!r}"
        )
    return int(value) if isinstance(example, int) and value.is_integer() else value


def _refused(what: str, message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint=f"'{what}'")
