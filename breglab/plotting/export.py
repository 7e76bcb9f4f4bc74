"""Figures as text and bytes: SVG that can stand inside of a page, PNG for photographs."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import matplotlib
from matplotlib.figure import Figure

from breglab.plotting._outlines import relative
from breglab.plotting.style import INK

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_FAMILY = "system-ui, sans-serif"
_INHERITED = {f"font-family: {_FAMILY}", "fill: currentColor"}
"""Of texts: what the outermost element says for all of them."""
_STROKES = "stroke-linejoin: round; stroke-linecap: butt"
"""What matplotlib says in a style element, which in a page would be about all of its drawings."""
_FONT = re.compile(r"'DejaVu Sans'(?:, ?(?:'[^']*'|[\w-]+))*")
_DECIMALS = re.compile(r"(\.\d\d)\d+")
_USED = re.compile(r"(?:^|url\()#([^)]+)")


def to_svg(figure: Figure, *, label: str, prefix: str) -> str:
    """Return a figure as an ``<svg>`` element to be put into an HTML page.

    The ink of the figure becomes ``currentColor``, so that it follows the colour of the text
    around it; the background is transparent, and text stays text.

    Parameters
    ----------
    figure : Figure
        A figure of this room.
    label : str
        What it shows, for those who do not see it.
    prefix : str
        Put before every id, so that several figures can live in one page.

    Returns
    -------
    str
        The element, without XML declaration and doctype, and without what is not seen.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.plotting import snapshot, to_svg
    >>> svg = to_svg(snapshot(np.eye(3)[0], "e₁"), label="a unit vector", prefix="e")
    >>> svg.startswith("<svg"), "a unit vector" in svg
    (True, True)
    """
    out = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "breglab"}):
        figure.savefig(
            out, format="svg", facecolor="none", metadata={"Date": None, "Creator": None}
        )
    text = _FONT.sub(_FAMILY, out.getvalue()).replace(INK, "currentColor")
    root = ElementTree.fromstring(text)
    names = _short_names(root, prefix)
    _tidy(root, names)
    root.attrib = {
        "role": "img",
        "aria-label": label,
        "viewBox": root.attrib["viewBox"],
        "style": "; ".join((*sorted(_INHERITED), _STROKES)),
    }
    return ElementTree.tostring(root, encoding="unicode")


def to_png(figure: Figure) -> bytes:
    """Return a figure as the bytes of a PNG file, at its own resolution."""
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()


def _short_names(root: ElementTree.Element, prefix: str) -> dict[str, str]:
    """Return new ids for those that are referred to."""
    used = [name for element in root.iter() for name in _references(element)]
    return {name: f"{prefix}-{i}" for i, name in enumerate(dict.fromkeys(used))}


def _references(element: ElementTree.Element) -> list[str]:
    values = (element.get(key, "") for key in (_LINK, "clip-path", "style"))
    return [name for value in values for name in _USED.findall(value)]


def _tidy(element: ElementTree.Element, names: dict[str, str]) -> None:
    """Shorten an element and all inside of it, without a change that could be seen."""
    element.tag = element.tag.removeprefix(_SVG)
    element.tail = None
    if element.tag == "text":
        _inherit(element)
    else:
        element.text = element.text if element.text and element.text.strip() else None
    _tidy_attributes(element.attrib, names)
    children: list[ElementTree.Element] = []
    for child in list(element):
        _tidy(child, names)
        element.remove(child)
        if child.tag == "g" and not child.attrib:
            children += list(child)
        elif not _invisible(child):
            children.append(child)
    element.extend(children)
    _hoist_style(element)


def _tidy_attributes(found: dict[str, str], names: dict[str, str]) -> None:
    if "id" in found and found["id"] not in names:
        del found["id"]
    elif "id" in found:
        found["id"] = names[found["id"]]
    if _LINK in found:
        to = found.pop(_LINK)  # an image holds its own data
        found["href"] = f"#{names[to[1:]]}" if to.startswith("#") else to
    if found.get("transform", "").startswith("rotate(-0 "):
        del found["transform"]
    if "d" in found:
        found["d"] = relative(found["d"])
    for key in {"x", "y", "transform"} & found.keys():
        # A hundredth of a point is finer than any screen or printer.
        found[key] = _DECIMALS.sub(r"\1", found[key])
    for key in {"clip-path", "style"} & found.keys():
        found[key] = re.sub(r"url\(#([^)]+)\)", lambda m: f"url(#{names[m[1]]})", found[key])


def _inherit(text: ElementTree.Element) -> None:
    """Leave to a text the part of its style that it does not inherit."""
    own = [part for part in text.get("style", "").split("; ") if part not in _INHERITED]
    text.set("style", "; ".join(own))


def _invisible(element: ElementTree.Element) -> bool:
    nothing = element.tag == "path" and element.get("style") == "fill: none"
    return (
        nothing
        or element.tag in ("metadata", "style")
        or (element.tag == "defs" and len(element) == 0)
    )


def _hoist_style(element: ElementTree.Element) -> None:
    """Give the style that all markers of a group share to the group."""
    alike = {(child.tag, child.get("style")) for child in element}
    if element.tag == "g" and len(element) > 1 and len(alike) == 1:
        tag, shared = alike.pop()
        if tag == "use" and shared is not None:
            for child in element:
                del child.attrib["style"]
            element.set("style", shared)
