"""One moving picture: an exact path that grows, as an SVG that needs no script."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from breglab._checks import positive
from breglab.plotting.export import to_svg
from breglab.plotting.inverse_scale_space import primal_path
from breglab.solvers.inverse_scale_space import Path

_LABEL = "An inverse scale space path: entries of u(t) appear one after the other and then stay"
_REST = 0.75
"""When, as a share of a cycle, the path has reached its end; it stays in sight for what is left."""
_STYLE = """
.growing-front {{stroke: currentColor; stroke-width: .8; stroke-dasharray: 2 2; opacity: 0}}
@media (prefers-reduced-motion: no-preference) {{
  .growing-seen {{animation: growing-seen {seconds:g}s linear infinite}}
  .growing-front {{animation: growing-front {seconds:g}s linear infinite; opacity: .6}}
}}
@keyframes growing-seen {{0% {{width: 0}} {rest:g}%, 100% {{width: {width}px}}}}
@keyframes growing-front {{0% {{transform: translateX(-{width}px)}}
  {rest:g}%, 100% {{transform: none}}}}
"""


def growing_path(
    path: Path, names: Sequence[str] | None = None, *, highlighted: int = 8, seconds: float = 9.0
) -> str:
    """Return an inverse scale space path that grows from nothing, again and again.

    Parameters
    ----------
    path, names, highlighted
        As in `breglab.plotting.primal_path`.
    seconds : float
        Length of a cycle, in seconds, > 0.

    Returns
    -------
    str
        An ``<svg>`` element to be put into an HTML page. Its curves are uncovered from left to
        right, evenly on the logarithmic axis of time. Where the reader asks for less motion
        (``prefers-reduced-motion``) the whole path stands still.

    Raises
    ------
    ValueError
        If the path cannot be drawn, or `seconds` is not > 0.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.plotting import growing_path
    >>> from breglab.solvers import inverse_scale_space_path
    >>> path = inverse_scale_space_path(np.eye(2), np.array([3.0, 1.0]))
    >>> "prefers-reduced-motion" in growing_path(path)
    True
    """
    positive(seconds, "seconds")
    figure = primal_path(path, names, highlighted=highlighted)
    root = ElementTree.fromstring(to_svg(figure, label=_LABEL, prefix="growing"))
    area = root.find(".//clipPath/rect")
    assert area is not None  # of the axes
    area.set("class", "growing-seen")
    for element in root.iter():
        # The grid is there from the start.
        if "stroke: currentColor" in element.get("style", ""):
            element.attrib.pop("clip-path", None)
    left, top = float(area.attrib["x"]), float(area.attrib["y"])
    width, height = float(area.attrib["width"]), float(area.attrib["height"])
    right = left + width
    moving = ElementTree.Element("style")
    moving.text = _STYLE.format(width=width, seconds=seconds, rest=100.0 * _REST)
    line = {"x1": f"{right}", "x2": f"{right}", "y1": f"{top}", "y2": f"{top + height}"}
    front = ElementTree.Element("line", {"class": "growing-front", **line})
    root.insert(0, moving)
    root.append(front)
    return ElementTree.tostring(root, encoding="unicode")
