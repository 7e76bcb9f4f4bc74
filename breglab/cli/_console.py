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
    """Return a console; into a pipe goes plain text, wide unless COLUMNS says how wide."""
    found = _Console()
    if found.is_terminal:
        return found
    columns = os.environ.get("COLUMNS", "")
    width = int(columns) if columns.isdecimal() and int(columns) else _PLAIN_WIDTH
    return _Console(width=width, no_color=True)


def why(error: Exception) -> str:
    """Say in a few words what went wrong."""
    return getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"


@contextlib.contextmanager
def progress(what: str, *, remaining: bool = False) -> Iterator[Callable[..., object]]:
    """Show a progress bar on a terminal, and nothing elsewhere.

    Parameters
    ----------
    what : str
        What goes on.
    remaining : bool
        Whether to show the time that is left, where all pieces take about as long, in place of
        the time that has passed.

    Yields
    ------
    callable
        To be called as ``update(done, total)``, with the text in place of `what` as a third
        argument if it has changed.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeElapsedColumn as Elapsed
    from rich.progress import TimeRemainingColumn as Remaining

    where = Console(stderr=True)
    if not where.is_terminal:  # where old versions of rich print an empty line
        yield lambda done, total, text=what: None
        return
    clock = Remaining() if remaining else Elapsed()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), clock)
    with Progress(*columns, console=where, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def update(done: int, total: int, text: str = what) -> None:
            bar.update(task, completed=done, total=total, description=text)

        yield update


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Raise the error again, for which rich would end the program with the exit code 1."""
        raise


def _drop_output() -> None:
    """Let what is still to be printed vanish, or Python would try it again when it ends."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
