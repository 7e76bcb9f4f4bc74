"""Errors of a user's code in a line, as reasons of findings."""

from __future__ import annotations

import traceback
from pathlib import Path


def described(error: BaseException) -> str:
    """Return the name of an error with its message in a line; that of sys.exit() is empty."""
    try:
        message = " ".join(str(error).split())
    except Exception:  # of an error of the user's own
        message = ""
    return ": ".join(filter(None, (type(error).__name__, message)))


def located(error: BaseException, kind: type) -> str:
    """Return an error in a line, with its place in the file of a class.

    Parameters
    ----------
    error : BaseException
        What was raised, with its traceback.
    kind : type
        The class whose author is to find his own line; the last line of all if none is his.
    """
    frames = traceback.extract_tb(error.__traceback__)
    codes = (getattr(method, "__code__", None) for method in vars(kind).values())
    files = {code.co_filename for code in codes if code is not None}
    # What a claim calls may raise deep inside of a library.
    where = next((frame for frame in reversed(frames) if frame.filename in files), frames[-1])
    place = f"{Path(where.filename).name}:{where.lineno}, in {where.name}"
    return f"{described(error)} ({place})"
