"""The command line: ``breglab verify`` and ``breglab claims``.

The rooms are imported inside of the commands, so that ``breglab --help`` answers at once.
"""

from __future__ import annotations

import contextlib
import difflib
import enum
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

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


def _integer(text: object, allowed: str, fits: Callable[[int], bool]) -> int:
    try:
        value = int(str(text))
    except ValueError:
        value = None
    if value is None or not fits(value):
        raise typer.BadParameter(f"must be {allowed}, got {text}")
    return value


def _seed(text: object) -> int:
    return _integer(text, "an integer >= 0", lambda value: value >= 0)


def _jobs(text: object) -> int:
    most = 4 * (os.cpu_count() or 1)
    allowed = f"a number of processes from 1 to {most} (four for each core), or -1 for all cores"
    return _integer(text, allowed, lambda value: value == -1 or 1 <= value <= most)


def _suite(text: str) -> Suite:
    try:
        return Suite(text)
    except ValueError:
        allowed = ", ".join(repr(suite.value) for suite in Suite)
        raise typer.BadParameter(f"must be one of {allowed}, got {text!r}") from None


def _named(text: object) -> Path:
    if not str(text):
        raise typer.BadParameter("must be the name of a folder, got ''")
    return Path(str(text))


@app.command()
def verify(
    claims: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CLAIM", help="Ids of claims; all unless given.", show_default=False
        ),
    ] = None,
    suite: Annotated[
        Suite,
        typer.Option(
            parser=_suite,
            metavar="quick|full",
            help="quick: one seed, under a minute; full: five seeds.",
        ),
    ] = Suite.quick,
    out: Annotated[
        Path,
        typer.Option(parser=_named, metavar="FOLDER", help="For report.html and report.json."),
    ] = Path("breglab-report"),
    seed: Annotated[
        int,
        typer.Option(parser=_seed, metavar="INTEGER", help="Seed of everything that is drawn."),
    ] = 0,
    jobs: Annotated[
        int,
        typer.Option(
            parser=_jobs, metavar="INTEGER", help="Number of processes, -1 for all cores."
        ),
    ] = 2,
) -> None:
    """Check claims and write a report.

    Every claim is checked on many instances, and on one that must violate it. `breglab claims`
    lists the ids.

    Exit code: 0 if every verdict is as expected and every negative instance was caught, 1 if not
    or if the report cannot be written, 2 for wrong usage, 130 if interrupted.
    """  # fmt: skip
    try:
        with _ending_at_interrupt():
            chosen = _chosen(claims or [])
            _refuse_obstacle(out)
            audit = _audit(chosen, suite.value, seed, jobs)
            page = _report(audit, out)
    except (KeyboardInterrupt, _Interrupt):
        typer.echo("Interrupted; no report was written.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    _show(audit, page)
    raise typer.Exit(0 if audit.as_expected and page else 1)


@app.command("claims")
def list_claims() -> None:
    """List the claims and their sources.

    The ids are breglab's own numbers of the checkable statements; the place in the paper stands in
    the second column.
    """
    from breglab.report import claims_table
    from breglab.theory import all_claims

    if not _print(_console(), claims_table(all_claims())):
        raise typer.Exit(1)


class _Interrupt(BaseException):
    """Ctrl-C for the whole command.

    A run takes KeyboardInterrupt for itself and returns what it has, as it should in a notebook;
    here the claims would then be checked on a run that was cut off.
    """


@contextlib.contextmanager
def _ending_at_interrupt() -> Iterator[None]:
    """Let Ctrl-C raise `_Interrupt`, once; where it is ignored, as under nohup, it stays so."""

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what follows is the clearing up
        raise _Interrupt

    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _chosen(ids: list[str]) -> tuple[Claim, ...]:
    from breglab.theory import CLAIMS, find_claims

    known = [claim.id for claim in CLAIMS]
    unknown = [name for name in ids if name not in known]
    if unknown:
        raise typer.BadParameter(
            f"must be an id that `breglab claims` lists ({known[0]} to {known[-1]}), "
            f"got {', '.join(_meant(name, known) for name in unknown)}",
            param_hint="'CLAIM'",
        )
    return find_claims(ids)


def _meant(name: str, known: list[str]) -> str:
    """Return an unknown id with the nearest known one."""
    folded = {one.casefold(): one for one in known}
    near = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f"{name!r} (did you mean {folded[near[0]]}?)" if near else repr(name)


def _refuse_obstacle(out: Path) -> None:
    from breglab.report.writing import obstacle

    if found := obstacle(out):
        raise typer.BadParameter(
            f"must be a folder that a report can be written to, but {found}", param_hint="'--out'"
        )


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
    if not console.is_terminal:  # where old versions of rich print an empty line
        yield lambda done, total: None
        return
    columns = (TextColumn("Checking"), BarColumn(), MofNCompleteColumn(), Elapsed())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _report(audit: Audit, out: Path) -> Path | None:
    """Write the report; return its page, or say why there is none."""
    from breglab.report import document, json_text, page, rescue, write

    content = document(audit)
    text = json_text(content)
    try:
        return write(out, page(audit, content), text)[0]
    except Exception as error:  # a full disk, or a page that could not be made: keep the results
        saved = rescue(text)
        kept = f"the results are in {saved}" if saved else "nor could the results be saved"
        typer.echo(f"The report could not be written to {out}: {_why(error)}; {kept}.", err=True)
        return None


def _show(audit: Audit, page: Path | None) -> None:
    from breglab.report import verdict_table

    wanted = sum(result.as_expected for result in audit.results)
    summary = (f"{wanted} of {len(audit.results)} claims as expected "
               f"({audit.suite} suite, seed {audit.seed}, {audit.seconds:.0f} s).")  # fmt: skip
    console = _console()
    where = [f"Report: {page}"] if page else []
    _print(console, verdict_table(audit, console.width), summary, *where)


def _print(console: Console, table: Table, *lines: str) -> bool:
    """Print a table and the lines below it; return whether that worked.

    Where it does not, the lines go to standard error; a reader that has gone away, as `head` does,
    had what it wanted.
    """
    try:
        console.print(table)
        for line in lines:
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    except OSError as error:
        _drop_output()
        if isinstance(error, BrokenPipeError):
            return True
        typer.echo(" ".join([f"The table could not be shown: {_why(error)}.", *lines]), err=True)
        return False
    return True


def _drop_output() -> None:
    """Let what is still to be printed vanish, or Python would try it again when it ends."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Raise the error again, for which rich would end the program with the exit code 1."""
        raise


def _console() -> Console:
    """Return a console that neither colours nor wraps what goes into a pipe."""
    console = _Console()
    return console if console.is_terminal else _Console(width=_PLAIN_WIDTH, no_color=True)
