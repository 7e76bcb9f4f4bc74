"""The Bregman distance of a functional that the reader draws."""

from __future__ import annotations

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from breglab.geometry import ConvexGraph
from breglab.plotting.explorers._explorer import Explorer, field, number
from breglab.plotting.functions import bregman_gap

_SAMPLES = 241
_KINK = "-2, 2; -1, 1; 0, 0; 1, 1; 2, 2"
_STEEPEST = 20.0
"""The least size of what takes the place of an infinite subgradient, at an end of the drawing."""


def bregman_distance(points: str = _KINK, at: str = "0", to: str = "1.5") -> Explorer:
    """Explore ``D_J^p(theta*, theta) = J(theta*) - J(theta) - p (theta* - theta)``.

    Parameters
    ----------
    points : str
        Corners of the graph of J: pairs ``x, J(x)`` with semicolons between them. J is the largest
        convex function below them.
    at, to : str
        theta, where the line with slope p touches the graph, and theta*.

    Returns
    -------
    Explorer
        Controls ``points``, ``at``, ``to`` and ``share``, which chooses p: 0 is the least
        subgradient at theta and 1 the largest one.

    Notes
    -----
    (1.17) of Bungert, Roith, Tenbrinck and Burger, JMLR 23 (2022).

    Examples
    --------
    >>> from breglab.plotting.explorers import bregman_distance
    >>> explorer = bregman_distance()
    >>> explorer.controls["to"].value = ""
    >>> explorer.sentence
    'θ* must be a number: the field is empty.'
    """
    controls = {
        "points": field(points, "points of J"),
        "at": field(at, "θ"),
        "to": field(to, "θ*"),
        "share": ipywidgets.FloatSlider(value=0.5, min=0.0, max=1.0, step=0.05, description="p"),
    }
    label = "A convex function J, a line that touches it at θ, and the Bregman distance as a gap"
    return Explorer(_draw, controls, label)


def _draw(points: str, at: str, to: str, share: float) -> Figure:
    J = ConvexGraph(_pairs(points))
    theta, star = number(at, "θ"), number(to, "θ*")
    low, high = float(J.x[0]), float(J.x[-1])
    for name, value in (("θ", theta), ("θ*", star)):
        if not low <= value <= high:
            raise ValueError(f"{name} must lie between {low:g} and {high:g}, where J is drawn.")
    least, most = _drawn(*J.slopes(theta))
    slope = (1.0 - share) * least + share * most
    x = np.union1d(np.linspace(low, high, _SAMPLES), J.x)
    here, there = float(J.value(theta)), float(J.value(star))
    which = f"p between {least:g} and {most:g}" if least < most else f"p is {least:g}"
    title = f"{which} at θ = {theta:g}".replace("-", "−")
    return bregman_gap(x, J.value(x), (theta, here), round(slope, 6), (star, there), title)


def _drawn(least: float, most: float) -> tuple[float, float]:
    """Return the ends of a subdifferential, an infinite one replaced by a steep slope."""
    if least == -np.inf:
        return min(-_STEEPEST, -2.0 * abs(most)), most
    return least, max(_STEEPEST, 2.0 * abs(least)) if most == np.inf else most


def _pairs(text: str) -> list[tuple[float, float]]:
    parts = [part.split(",") for part in text.split(";") if part.strip()]
    if not parts:
        raise ValueError("points of J must be pairs such as 0, 0; 1, 1: the field is empty.")
    for part in parts:
        if len(part) != 2:
            raise ValueError(
                f"points of J must be pairs such as 0, 0; 1, 1: got {','.join(part)!r}."
            )
    pairs = [(number(x, "x"), number(y, "J(x)")) for x, y in parts]
    if len({x for x, _ in pairs}) < 2:
        raise ValueError("points of J must lie at two places x or more, such as 0, 0; 1, 1.")
    return pairs
