"""What is printed: tables and lines on a terminal, in a pipe, and where nothing can be printed."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator

import typer
from rich.console import Console, RenderableType

_PLAIN_WIDTH = 200


def show(shown: RenderableType, *lines: str) -> bool:
    """Print a table and the lines below it; return whether that worked.

    Where it does not, the lines go to standard error; a reader that has gone away, as `head` does,
    had what it wanted.
    """
    out = console()
    try:
        out.print(shown)
        for line in lines:
            out.print(line, markup=False, highlight=False, soft_wrap=True)
    except OSError as error:
        _drop_output()
        if isinstance(error, BrokenPipeError):
            return True
        typer.echo(" ".join([f"The table could not be shown: {why(error)}.", *lines]), err=True)
        return False
    return True


def console() -> Console:
    """Return a console that neither colours nor wraps what goes into a pipe."""
    found = _Console()
    return found if found.is_terminal else _Console(width=_PLAIN_WIDTH, no_color=True)


def why(error: Exception) -> str:
    """Say in a few words what went wrong."""
    return getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"


@contextlib.contextmanager
def progress() -> Iterator[Callable[[int, int], object]]:
    """Show a progress bar on a terminal, and nothing elsewhere."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeElapsedColumn as Elapsed

    where = Console(stderr=True)
    if not where.is_terminal:  # where old versions of rich print an empty line
        yield lambda done, total: None
        return
    columns = (TextColumn("Checking"), BarColumn(), MofNCompleteColumn(), Elapsed())
    with Progress(*columns, console=where, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Raise the error again, for which rich would end the program with the exit code 1."""
        raise


def _drop_output() -> None:
    """Let what is still to be printed vanish, or Python would try it again when it ends."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
