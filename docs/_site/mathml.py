"""Formulas as MathML, which browsers render themselves: no script, and nothing from a network."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from breglab.report.mathml import mathml

_LOG = logging.getLogger(__name__)
_LINES = (r"\begin{aligned}", r"\end{aligned}")


def _converted(node: nodes.Node, *, display: bool) -> str:
    latex = node.astext().strip()
    if display and r"\\" in latex and r"\begin" not in latex:
        latex = latex.join(_LINES)
    text = mathml(latex)
    if not text.startswith("<math") or "\\" in text:
        _LOG.warning("formula cannot be written as MathML: %s", latex, location=node)
    return text if display else text.replace('display="block"', 'display="inline"', 1)


def _inline(writer: Any, node: nodes.math) -> None:
    writer.body.append(f'<span class="math">{_converted(node, display=False)}</span>')
    raise nodes.SkipNode


def _display(writer: Any, node: nodes.math_block) -> None:
    name = f' id="{node["ids"][0]}"' if node["ids"] else ""
    writer.body.append(f'<div class="math"{name}><div>{_converted(node, display=True)}</div>')
    if node.get("number"):
        number = get_node_equation_number(writer, node)
        writer.body.append(f'<span class="eqno">({number})</span>')
    writer.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer and make it the one that is used."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
    app.config.html_math_renderer = "mathml"  # type: ignore[attr-defined]
    return {"parallel_read_safe": True, "parallel_write_safe": True}
