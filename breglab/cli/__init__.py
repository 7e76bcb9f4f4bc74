"""The command line: ``breglab verify``, ``worst-case``, ``claims``, ``train``, ``figures``.

One file a command. The rooms are imported inside of the commands, so that ``breglab --help``
answers at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import Annotated

import typer

import breglab
from breglab.cli.claims import list_claims
from breglab.cli.figures import figures
from breglab.cli.train import train
from breglab.cli.verify import verify
from breglab.cli.worst_case import worst_case

app = typer.Typer(
    name="breglab",
    help="The laboratory for Bregman iterations: verify the theory, train sparse networks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("verify")(verify)
app.command("worst-case")(worst_case)
app.command("claims")(list_claims)
app.command("train")(train)
app.command("figures")(figures)


def main() -> None:
    """Run the command line."""
    _hold_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter shows a question mark rather than a traceback.
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        app()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what follows is the clearing up


def _hold_closed_streams() -> None:
    """Take the numbers of closed streams, or a file that is opened later would be printed to.

    Printing to a closed output goes on failing, as it should; standard error has nobody to tell.
    """
    for number, mode in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)  # gets the lowest free number, which is this one
            os.set_inheritable(number, True)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"breglab {breglab.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""
