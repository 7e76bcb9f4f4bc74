"""The outlines of an SVG, written short."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"[A-Za-z]|-?[\d.]+(?:e-?\d+)?")
_NUMBERS = {"M": 2, "L": 2, "Q": 4, "C": 6}
"""After each command of matplotlib, in pairs of absolute coordinates."""
_UNIT = 100
"""Of a point: a hundredth is finer than any screen or printer."""


def relative(outline: str) -> str:
    """Return the ``d`` of a path in relative coordinates, in hundredths of a point.

    The absolute coordinates are rounded first, so that no error adds up along the path.

    Parameters
    ----------
    outline : str
        Commands ``M``, ``L``, ``Q``, ``C`` with absolute coordinates, and ``z``.

    Returns
    -------
    str
        Begins with an absolute ``M``; the coordinates that follow it are relative.
    """
    tokens = iter(_TOKEN.findall(outline))
    written, last, here, first = "", "", (0, 0), (0, 0)
    for command in tokens:
        if command == "z":
            written, here = written + "z", first
        else:
            rounded = [round(float(next(tokens)) * _UNIT) for _ in range(_NUMBERS[command])]
            points = list(zip(rounded[::2], rounded[1::2], strict=True))
            if command == "M":
                written, first = written + "M" + _joined(rounded), points[0]
            else:
                shifts = [x - h for point in points for x, h in zip(point, here, strict=True)]
                # A command that is not written is the one before.
                name = " " if command == last else command.lower()
                written += (name + _joined(shifts)).replace(" -", "-")
            here = points[-1]
        last = command
    return written


def _joined(numbers: list[int]) -> str:
    """Return numbers of hundredths as text; a minus sign separates as well as a space."""
    texts = (_text(number) for number in numbers)
    return " ".join(texts).replace(" -", "-")


def _text(hundredths: int) -> str:
    whole, part = divmod(abs(hundredths), _UNIT)
    fraction = f".{part:02d}".rstrip("0").rstrip(".")
    sign = "-" if hundredths < 0 else ""
    return sign + (f"{whole}{fraction}" if whole or not fraction else fraction)
