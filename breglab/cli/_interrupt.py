"""Ctrl-C for a whole command."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

INTERRUPTED = 130
"""Exit code of a command that was interrupted."""


class Interrupt(BaseException):
    """Ctrl-C for the whole command.

    A run takes KeyboardInterrupt for itself and returns what it has, as it should in a notebook;
    here the claims would then be checked on a run that was cut off.
    """


@contextlib.contextmanager
def ending_at_interrupt() -> Iterator[None]:
    """Let Ctrl-C raise `Interrupt`, once; where it is ignored, as under nohup, it stays so."""

    def interrupt(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # what follows is the clearing up
        raise Interrupt

    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
