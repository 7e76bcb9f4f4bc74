"""Figures as text and bytes: SVG that can stand inside of a page, PNG for photographs."""

from __future__ import annotations

import html
import io
import re

import matplotlib
from matplotlib.figure import Figure

from breglab.plotting.style import INK

_FONT = re.compile(r"'DejaVu Sans'(?:, ?(?:'[^']*'|[\w-]+))*")
_PATH = re.compile(r'\bd="[^"]*"')
_REFERENCE = re.compile(r'(\bid="|url\(#|href="#)')


def to_svg(figure: Figure, *, label: str, prefix: str) -> str:
    """Return a figure as an ``<svg>`` element to be put into an HTML page.

    The ink of the figure becomes ``currentColor``, so that it follows the colour of the text
    around it, and text stays text.

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
        The element, without XML declaration and doctype.
    """
    out = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "breglab"}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    view = re.search(r'viewBox="[^"]*"', text)
    assert view is not None
    opening = f'<svg role="img" aria-label="{html.escape(label, quote=True)}" {view.group()}>'
    text = opening + text[text.index(">") + 1 :]
    text = _REFERENCE.sub(rf"\g<1>{prefix}-", text)
    # A hundredth of a point is finer than any screen or printer.
    text = _PATH.sub(lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path.group()), text)
    text = _FONT.sub("system-ui, sans-serif", text).replace("xlink:href", "href")
    return re.sub(r"\n\s*", "\n", text.replace(INK, "currentColor")).strip()


def to_png(figure: Figure) -> bytes:
    """Return a figure as the bytes of a PNG file, at its own resolution."""
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
