"""``breglab train``."""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from breglab.cli._console import show, why
from breglab.cli._options import folder

if TYPE_CHECKING:
    from breglab.nn.training import Config, Run

_SIGNALLED = 128


def train(
    config: Annotated[
        Path,
        typer.Argument(metavar="CONFIG.toml", help="What to do.", show_default=False),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            parser=folder,
            metavar="FOLDER",
            help="Of the run; the name of the configuration without .toml unless given. A run "
            "that was stopped goes on.",
            show_default=False,
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            parser=folder,
            metavar="FOLDER",
            help="With the image files in their official layout; BREGLAB_DATA unless given. "
            "Without both they are downloaded.",
            show_default=False,
        ),
    ] = None,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Change an entry, as in --set regularizer.lam=0.05; may be given again.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Train a sparse network.

    Exit code: 0 if the run is finished, 1 if it failed, 2 for wrong usage, 130 or 143 if it was
    stopped by Ctrl-C or SIGTERM: it then goes on when the command is given again.
    """
    try:
        from breglab.nn import training
    except ImportError as error:
        typer.echo(f"Training needs torch: pip install 'breglab[nn]' ({error}).", err=True)
        raise typer.Exit(1) from None
    where = out or config.with_suffix("")
    settings = _settings(config, data, changes or [])
    try:
        with _bar() as on_progress:
            run = training.train(settings, where, on_progress=on_progress)
    except (OSError, ArithmeticError, RuntimeError, ImportError) as error:
        typer.echo(f"The run failed: {_said(error)}", err=True)
        raise typer.Exit(1) from None
    except (ValueError, TypeError) as error:
        raise typer.BadParameter(str(error), param_hint="'CONFIG.toml'") from error
    if run.signal:
        typer.echo(f"Stopped; the same command goes on from {where}.", err=True)
        raise typer.Exit(_SIGNALLED + run.signal)
    raise typer.Exit(0 if _show(run) else 1)


def _settings(path: Path, data: Path | None, texts: list[str]) -> Config:
    from breglab.nn.training import Config

    changes: dict[str, Any] = {"data.folder": str(data)} if data else {}
    try:
        for text in texts:
            changes |= _change(text)
        return Config.from_toml(path).having(changes)
    except OSError as error:
        raise typer.BadParameter(f"{path}: {why(error)}", param_hint="'CONFIG.toml'") from error
    except (ValueError, TypeError) as error:
        raise typer.BadParameter(str(error), param_hint="'CONFIG.toml'") from error


def _change(text: str) -> dict[str, Any]:
    """Return an entry and its value, which is read as TOML or, failing that, as a text."""
    name, equals, value = text.partition("=")
    if not (equals and "." in name):
        raise typer.BadParameter(
            f"must be of the form SECTION.NAME=VALUE, got {text!r}", param_hint="'--set'"
        )
    try:
        return {name.strip(): tomllib.loads(f"value = {value}")["value"]}
    except tomllib.TOMLDecodeError:
        return {name.strip(): value.strip()}


def _show(run: Run) -> bool:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    rows = run.recorder.rows
    names = [name for name in (rows or [{}])[-1] if "/" not in name and name != "steps"]
    for name in names:
        table.add_column("epoch" if name == "step" else name.replace("_", " "), justify="right")
    for row in rows:
        table.add_row(*(f"{row[name]:.5g}" for name in names))
    final = ", ".join(f"{key.replace('_', ' ')} {value:.5g}" for key, value in run.final.items())
    return show(table, f"At the end: {final}.", f"Run: {run.folder}")


def _said(error: BaseException) -> str:
    text = str(error).rstrip(".") or type(error).__name__
    return f"{text}."


@contextlib.contextmanager
def _bar() -> Iterator[Callable[[int, int, dict[str, float]], object] | None]:
    """Show a progress bar on a terminal, and nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    where = Console(stderr=True)
    if not where.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Remaining())
    with Progress(*columns, console=where, transient=True) as bar:
        task = bar.add_task("Training", total=None)

        def update(done: int, total: int, row: dict[str, float]) -> None:
            keys = [key for key in ("train_loss", "train_accuracy", "density") if key in row]
            shown = [f"{key.removeprefix('train_')} {row[key]:.4g}" for key in keys]
            text = ", ".join(shown) or "Training"
            bar.update(task, completed=done, total=total, description=text)

        yield update
