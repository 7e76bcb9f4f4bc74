"""``breglab verify``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from breglab._interrupts import INTERRUPTS
from breglab.cli import _options
from breglab.cli._chosen import chosen_claims
from breglab.cli._console import console, progress, show, why
from breglab.cli._interrupt import INTERRUPTED, ending_at_interrupt
from breglab.cli._options import Suite

if TYPE_CHECKING:
    from breglab.theory import Audit, Claim

_FOLDER = Path("breglab-report")


def verify(
    claims: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CLAIM",
            help="Ids of claims, or claims of your own: my_claims.py::MyClaim, or my_claims.py for "
            "all that it defines; all built-in claims unless given.",
            show_default=False,
        ),
    ] = None,
    suite: Annotated[
        Suite,
        typer.Option(
            parser=_options.suite,
            metavar="quick|full",
            help="quick: one seed, under a minute; full: five seeds.",
        ),
    ] = Suite.quick,
    out: Annotated[
        Path | None,
        typer.Option(
            parser=_options.folder,
            metavar="FOLDER",
            help="For report.html and report.json; breglab-report unless given. With --explain "
            "there is a report only where this is given.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            parser=_options.seed, metavar="INTEGER", help="Seed of everything that is drawn."
        ),
    ] = 0,
    jobs: Annotated[
        int,
        typer.Option(
            parser=_options.jobs, metavar="INTEGER", help="Number of processes, -1 for all cores."
        ),
    ] = 2,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain",
            help="Print all that is known about each CLAIM: its proof, and where it was checked.",
        ),
    ] = False,
) -> None:
    """Check claims and write a report.

    Every claim is checked on many instances, and on one that must violate it. `breglab claims`
    lists the ids.

    Exit code: 0 if every verdict is as expected and every negative instance was caught, 1 if not
    or if the report cannot be written, 2 for wrong usage, 130 if interrupted.
    """  # fmt: skip
    try:
        with ending_at_interrupt():
            _refuse_nothing_to_explain(explain, claims)
            chosen = chosen_claims(claims or [])
            # Who reads about one claim does not lose the report on all of them.
            folder = out or (None if explain else _FOLDER)
            if folder is not None:
                _refuse_obstacle(folder)
            audit = _audit(chosen, suite.value, seed, jobs)
            content, page = _report(audit, folder)
    except INTERRUPTS:
        typer.echo("Interrupted; no report was written.", err=True)
        raise typer.Exit(INTERRUPTED) from None
    _show(audit, content if explain else None, page)
    raise typer.Exit(0 if audit.as_expected and (page or folder is None) else 1)


def _refuse_nothing_to_explain(explain: bool, claims: list[str] | None) -> None:
    if explain and not claims:
        raise typer.BadParameter(
            "needs at least one CLAIM, as in `breglab verify 18 --explain`",
            param_hint="'--explain'",
        )


def _refuse_obstacle(out: Path) -> None:
    from breglab.report import obstacle

    if found := obstacle(out):
        raise typer.BadParameter(
            f"must be a folder that a report can be written to, but {found}", param_hint="'--out'"
        )


def _audit(claims: tuple[Claim, ...], suite: str, seed: int, jobs: int) -> Audit:
    from concurrent.futures import BrokenExecutor

    from breglab import theory

    try:
        with progress("Checking") as on_progress:
            return theory.verify(claims, suite=suite, seed=seed, jobs=jobs, on_progress=on_progress)
    except BrokenExecutor:
        typer.echo(
            "A process that checked claims died, of a crash in a library, for want of memory, or "
            "of os._exit in a claim; no report was written. Name the claims one by one to see "
            "which it is.",
            err=True,
        )
        raise typer.Exit(1) from None


def _report(audit: Audit, out: Path | None) -> tuple[dict[str, Any], Path | None]:
    """Write the report if a folder is given; return its content, and its page if there is one."""
    from breglab.report import document, json_text, page, rescue, write

    content = document(audit)
    if out is None:
        return content, None
    text = json_text(content)
    try:
        return content, write(out, page(audit, content), text)[0]
    except Exception as error:  # a full disk, or a page that could not be made: keep the results
        saved = rescue(text)
        kept = f"the results are in {saved}" if saved else "nor could the results be saved"
        typer.echo(f"The report could not be written to {out}: {why(error)}; {kept}.", err=True)
        return content, None


def _show(audit: Audit, explained: dict[str, Any] | None, page: Path | None) -> None:
    """Print the claims of a document, if it is given, then the verdicts and where the page is."""
    from rich.console import Group

    from breglab.report import explanations, verdict_table

    wanted = sum(result.as_expected for result in audit.results)
    summary = (f"{wanted} of {len(audit.results)} claims as expected "
               f"({audit.suite} suite, seed {audit.seed}, {audit.seconds:.0f} s).")  # fmt: skip
    out = console()
    letters = _has_letters(out.encoding)
    before = explanations(audit, explained, unicode=letters) if explained else []
    where = [f"Report: {page}"] if page else []
    show(Group(*before, verdict_table(audit, out.width)), summary, *where)


def _has_letters(encoding: str) -> bool:
    return encoding.lower().startswith("utf")
