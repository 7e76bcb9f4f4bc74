"""A progress bar for long runs. It counts steps and never looks at an array."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")
PATIENCE = 2.0
"""Seconds before a bar appears: short runs stay silent."""


def track(states: Iterable[T], total: int | None, show: bool | None) -> Iterator[T]:
    """Yield from `states`, with a bar once the run has lasted `PATIENCE` seconds.

    Parameters
    ----------
    states : iterable
        What is counted.
    total : int or None
        The number of steps if known.
    show : bool or None
        Whether to show the bar; None shows it when standard error is a terminal.
    """
    if show is False or (show is None and not sys.stderr.isatty()):
        yield from states
        return
    columns = (
        TextColumn("[progress.description]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("iterating", total=total)
    begun, started = time.monotonic(), False
    try:
        for done, state in enumerate(states):
            if not started and time.monotonic() - begun > PATIENCE:
                bar.start()
                started = True
            if started and done % 64 == 0:
                bar.update(task, completed=done)
            yield state
    finally:
        if started:
            bar.stop()
