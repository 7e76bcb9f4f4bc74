"""What numba compiles, kept where there is a folder for it; imports nothing of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

FAST = {"reassoc", "contract", "nsz"}
"""Sums may be taken in any order, so that they run in vector registers; NaN stays NaN."""


def jit(**options: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that compiles a function without the global lock.

    The compiled code is kept beside the source or in the user's cache folder. Where neither can be
    written to it is compiled anew in each process.

    Parameters
    ----------
    **options
        Of `numba.njit`.

    Raises
    ------
    ImportError
        If there is no numba.
    """
    import numba

    njit: Any = numba.njit
    options = {"nogil": True, "fastmath": FAST, **options}

    def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
        try:
            made: Callable[..., Any] = njit(cache=True, **options)(function)
        except RuntimeError:  # there is no folder to keep the compiled code in
            made = njit(**options)(function)
        return made

    return compiled
