"""``breglab figures``."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

import breglab
from breglab._interrupts import INTERRUPTS
from breglab.cli._interrupt import INTERRUPTED, ending_at_interrupt
from breglab.cli._options import folder, jobs, meant
from breglab.cli.train import SIGNALLED

_SCRIPTS = Path(breglab.__file__).resolve().parent.parent / "paper_figures"
_STOPPED = "Stopped; the same command goes on."


def figures(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME",
            help="Names of scripts, as figure_2 or table_1, or numbers of figures; all unless "
            "given.",
            show_default=False,
        ),
    ] = None,
    smoke: Annotated[bool, typer.Option("--smoke", help="A trial of minutes on digits.")] = False,
    reduced: Annotated[
        bool, typer.Option("--reduced", help="What two cores can do, where there is such a form.")
    ] = False,
    full: Annotated[
        bool, typer.Option("--full", help="The paper's epochs and seeds; so unless told otherwise.")
    ] = False,
    render: Annotated[
        bool, typer.Option("--render", help="Only draw anew what is in the JSON files.")
    ] = False,
    number: Annotated[
        int, typer.Option("--jobs", parser=jobs, metavar="N", help="Runs side by side.")
    ] = 1,
    runs: Annotated[
        Path,
        typer.Option(
            parser=folder,
            metavar="FOLDER",
            help="Where runs are kept, finished and interrupted ones.",
        ),
    ] = Path("runs"),
    data: Annotated[
        Path | None,
        typer.Option(
            parser=folder,
            metavar="FOLDER",
            help="With the image files, as for breglab train; BREGLAB_DATA unless given.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            parser=folder,
            metavar="FOLDER",
            help="For the results; paper_figures/results unless given.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Make the paper's figures and tables.

    A reproduction that was stopped goes on when the command is given again. Where a run fails, the
    figures and tables after it are still made.

    Exit code: 0 if all are made, 1 if a run failed, 2 for wrong usage, 130 or 143 if it was stopped
    by Ctrl-C or SIGTERM.
    """
    if smoke + reduced + full > 1:
        raise typer.BadParameter(
            "must be one of them", param_hint="'--smoke', '--reduced', '--full'"
        )
    wanted = "smoke" if smoke else "reduced" if reduced else "full"
    command = _command()
    chosen = [_name(name, command.names()) for name in names or command.names()]
    if data is not None:
        os.environ["BREGLAB_DATA"] = str(data)
    failed = []
    try:
        with ending_at_interrupt():
            for name in chosen:
                try:
                    _make(command, name, wanted, render, runs=runs, number=number, out=out)
                except command.FAILURES as error:
                    typer.echo(f"A run of {name} failed: {error}", err=True)
                    failed.append(name)
    except INTERRUPTS:
        typer.echo(_STOPPED, err=True)
        raise typer.Exit(INTERRUPTED) from None
    except command.Stopped as stopped:
        typer.echo(_STOPPED, err=True)
        raise typer.Exit(SIGNALLED + stopped.signal) from None
    if failed:
        raise typer.Exit(1)


def _make(
    command: Any, name: str, wanted: str, render: bool, *, runs: Path, number: int, out: Path | None
) -> None:
    """Make one figure, or draw it anew."""
    results = out or command.RESULTS
    protocol = command.protocol_of(name, wanted)
    if render:
        path = results / f"{command.stem(name, protocol)}.json"
        if not path.exists():
            reduced = results / f"{command.stem(name, 'reduced')}.json"
            hint = ", but its reduced form is: add --reduced" if reduced.exists() else ""
            typer.echo(f"{path.name}: not there yet{hint}", err=True)
            return
        command.render(path, say=typer.echo)
        return
    if protocol != wanted:
        typer.echo(f"{name} has no {wanted} form and is made in full.")
    command.make(name, protocol, runs, jobs=number, out=results, say=typer.echo)


def _command() -> Any:
    """Return the module of the scripts, which live in a checkout and are no part of the package."""
    if not _SCRIPTS.is_dir():
        typer.echo(
            "The scripts are in a checkout of the project (paper_figures/): install from there "
            "with pip install -e '.[figures]'.",
            err=True,
        )
        raise typer.Exit(1)
    if str(_SCRIPTS) not in sys.path:
        sys.path.insert(0, str(_SCRIPTS))
    try:
        return import_module("_framework.command")
    except ImportError as error:
        typer.echo(f"The figures need torch: pip install 'breglab[nn]' ({error}).", err=True)
        raise typer.Exit(1) from None


def _name(given: str, known: list[str]) -> str:
    found = next((one for one in (given, f"figure_{given}") if one in known), None)
    if found is None:
        raise typer.BadParameter(
            f"must be among {', '.join(known)}, got {meant(given, known)}", param_hint="'NAME'"
        )
    return found
