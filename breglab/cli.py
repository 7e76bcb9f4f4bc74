"""The command line: ``breglab verify`` and ``breglab claims``.

The rooms are imported inside of the commands, so that ``breglab --help`` answers at once.
"""

from __future__ import annotations

import contextlib
import enum
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

import breglab

if TYPE_CHECKING:
    from breglab.theory import Audit, Claim

INTERRUPTED = 130
_PLAIN_WIDTH = 200

app = typer.Typer(
    name="breglab",
    help="The laboratory for Bregman iterations: verify the theory, claim by claim.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


class Suite(enum.StrEnum):
    """How many instances are tried."""

    quick = "quick"
    full = "full"


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter shows a question mark rather than a traceback.
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    app()


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


def _seed(value: int) -> int:
    if value < 0:
        raise typer.BadParameter(f"must be an integer >= 0, got {value}")
    return value


def _jobs(value: int) -> int:
    if value != -1 and value < 1:
        raise typer.BadParameter(f"must be a number of processes >= 1, or -1 for all, got {value}")
    return value


def _folder(value: Path) -> Path:
    """Refuse, before anything is computed, a folder that cannot be written to."""
    existing = value
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        raise typer.BadParameter(f"must be a folder, but {existing} is a file")
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        raise typer.BadParameter(f"{existing} cannot be written to: {_why(error)}") from None
    return value


@app.command()
def verify(
    claims: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[CLAIM]...", help="Ids of claims; all unless given.", show_default=False
        ),
    ] = None,
    suite: Annotated[
        Suite, typer.Option(help="quick: one seed, under a minute; full: five seeds.")
    ] = Suite.quick,
    out: Annotated[
        Path, typer.Option(callback=_folder, help="Folder for report.html and report.json.")
    ] = Path("breglab-report"),
    seed: Annotated[
        int, typer.Option(callback=_seed, help="Seed of everything that is drawn.")
    ] = 0,
    jobs: Annotated[
        int, typer.Option(callback=_jobs, help="Number of processes, -1 for all cores.")
    ] = 2,
) -> None:
    """Check the claims of the theory on many instances and write a report.

    Exit code: 0 if every verdict is as expected and every negative instance was caught, 1 if not
    or if the report cannot be written, 2 for wrong usage, 130 if interrupted.
    """  # fmt: skip
    try:
        with _ending_at_interrupt():
            chosen = _chosen(claims or [])
            audit = _audit(chosen, suite.value, seed, jobs)
            _show(audit)
            written = _report(audit, out)
    except (KeyboardInterrupt, _Interrupt):
        typer.echo("Interrupted; no report was written.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(0 if audit.as_expected and written else 1)


@app.command("claims")
def list_claims() -> None:
    """List the claims: id, source, title, and the verdict that is expected."""
    from breglab.report import claims_table
    from breglab.theory import all_claims

    _console().print(claims_table(all_claims()))


class _Interrupt(BaseException):
    """Ctrl-C for the whole command.

    A run takes KeyboardInterrupt for itself and returns what it has, as it should in a notebook;
    here the claims would then be checked on a run that was cut off.
    """


@contextlib.contextmanager
def _ending_at_interrupt() -> Iterator[None]:
    """Let Ctrl-C raise `_Interrupt`."""

    def interrupt(*_: object) -> None:
        raise _Interrupt

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _chosen(ids: list[str]) -> tuple[Claim, ...]:
    from breglab.theory import find_claims

    try:
        return find_claims(tuple(ids))
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="'CLAIM'") from None


def _audit(claims: tuple[Claim, ...], suite: str, seed: int, jobs: int) -> Audit:
    from breglab import theory

    with _progress() as on_progress:
        return theory.verify(claims, suite=suite, seed=seed, jobs=jobs, on_progress=on_progress)


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int, int], object]]:
    """Show a progress bar on a terminal, and nothing elsewhere."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeElapsedColumn as Elapsed

    console = Console(stderr=True)
    columns = (TextColumn("Checking"), BarColumn(), MofNCompleteColumn(), Elapsed())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _show(audit: Audit) -> None:
    from breglab.report import verdict_table

    console = _console()
    console.print(verdict_table(audit))
    wanted = sum(result.as_expected for result in audit.results)
    console.print(f"{wanted} of {len(audit.results)} claims as expected "
                  f"({audit.suite} suite, seed {audit.seed}, {audit.seconds:.0f} s).",
                  highlight=False)  # fmt: skip


def _report(audit: Audit, out: Path) -> bool:
    """Write the report and say where it is; return whether that worked."""
    from breglab.report import document, json_text, page, rescue, write

    content = document(audit)
    text = json_text(content)
    try:
        file, _ = write(out, page(audit, content), text)
    except Exception as error:  # a full disk, or a page that could not be made: keep the results
        saved = rescue(text)
        kept = f"the results are in {saved}" if saved else "nor could the results be saved"
        typer.echo(f"The report could not be written to {out}: {_why(error)}; {kept}.", err=True)
        return False
    typer.echo(f"Report: {file}")
    return True


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"


def _console() -> Console:
    """Return a console that neither colours nor wraps what goes into a pipe."""
    console = Console()
    return console if console.is_terminal else Console(width=_PLAIN_WIDTH, no_color=True)
