"""Tables of words for people who print a result."""

from __future__ import annotations

from collections.abc import Sequence


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows as lines whose cells begin below each other.

    Parameters
    ----------
    rows : sequence of sequence of str
        The first one is the heading; all have as many cells.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
