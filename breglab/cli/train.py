"""``breglab train``."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from breglab.cli._console import progress, show, why
from breglab.cli._options import folder

if TYPE_CHECKING:
    from breglab.nn.training import Config, Run

_BEGINNING = "Training"
SIGNALLED = 128
"""What shells add to the number of a signal for the exit code of a command that it ended."""


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
    settings = _settings(config, data, changes or [])
    where = out or config.with_suffix("")
    if where == config:
        raise typer.BadParameter(
            f"must be given where the configuration is not named *.toml, got {config}",
            param_hint="'--out'",
        )
    try:
        with progress(_BEGINNING, remaining=True) as update:
            run = training.train(
                settings,
                where,
                on_progress=lambda done, total, row: update(done, total, _text(row)),
            )
    except (OSError, ArithmeticError, RuntimeError, ImportError) as error:
        typer.echo(f"The run failed: {_said(error)}", err=True)
        raise typer.Exit(1) from None
    except (ValueError, TypeError) as error:
        raise typer.BadParameter(str(error), param_hint="'CONFIG.toml'") from error
    if run.signal:
        typer.echo(f"Stopped; the same command goes on from {where}.", err=True)
        raise typer.Exit(SIGNALLED + run.signal)
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


def _text(row: dict[str, float]) -> str:
    """Return the newest figures in a few words."""
    keys = [key for key in ("train_loss", "train_accuracy", "density") if key in row]
    return ", ".join(f"{key.removeprefix('train_')} {row[key]:.4g}" for key in keys) or _BEGINNING
