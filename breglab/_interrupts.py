"""What ends a command, and is no error of the code that it arises in; imports nothing of ours."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class Interrupt(BaseException):
    """Ctrl-C for a whole command.

    A run takes KeyboardInterrupt for itself and returns what it has, as it should in a notebook;
    on the command line the claims would then be checked on a run that was cut off.
    """


INTERRUPTS = (KeyboardInterrupt, Interrupt)
"""What passes where else everything is caught: code of a user may raise anything, as SystemExit
or the panics of native libraries, which are no subclasses of Exception."""


@contextlib.contextmanager
def contained() -> Iterator[None]:
    """Let whatever a user's code raises end the block alone; an interruption goes on."""
    try:
        yield
    except INTERRUPTS:
        raise
    except BaseException:
        return
