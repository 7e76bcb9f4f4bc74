"""Styles that many elements of the drawings share, written once."""

from __future__ import annotations

import re
from collections import Counter

_STYLE = re.compile(r' style="([^"]*)"')
_FEWEST = 3
"""Elements with one style that make a class of it worth its length."""


def shared(html: str) -> tuple[str, str]:
    """Return the page with classes in the place of repeated styles, and the rules of the classes.

    Parameters
    ----------
    html : str
        Its elements with a style have no class, as those of `breglab.plotting.to_svg`.
    """
    counts = Counter(_STYLE.findall(html))
    often = (style for style, count in counts.most_common() if style and count >= _FEWEST)
    names = {style: f"s{i}" for i, style in enumerate(often)}
    rules = "".join(f".{name}{{{style}}}\n" for style, name in names.items())

    def replacement(found: re.Match[str]) -> str:
        name = names.get(found[1])
        return found[0] if name is None else f' class="{name}"'

    return _STYLE.sub(replacement, html), rules
