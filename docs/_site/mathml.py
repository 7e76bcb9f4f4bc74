r"""Formulas as MathML, which browsers render themselves: no script, and nothing from a network.

Browsers break no line inside of a formula: one in a line of text is written as several, which end
with its relations and signs. The number of a displayed formula, ``\tag``, stands at the margin.
"""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

from breglab.report.mathml import mathml

_LOG = logging.getLogger(__name__)
_LINES = (r"\begin{aligned}", r"\end{aligned}")
_TAG = re.compile(r"\\tag\{([^{}]*)\}")
_BEFORE = re.compile(r"(?<!\S)[(\[“]+$")
_AFTER = re.compile(r"[^\s\w(]\w{0,2}[^\s\w]*(?=\s|$)")
_NAMESPACE = "http://www.w3.org/1998/Math/MathML"
_RELATIONS = frozenset("=≤≥<>≠≈∼∝∈∉⊂⊆⪰→↦⇒⟹⟺⇔←")
_SIGNS = frozenset("+−")
_SHORT = 8
"""Entries of a row; what has no more than these is not broken."""


def _converted(latex: str, node: nodes.Node) -> str:
    text = mathml(latex)
    if not text.startswith("<math") or "\\" in text:
        _LOG.warning("formula cannot be written as MathML: %s", latex, location=node)
    return text


def pieces(text: str) -> list[str]:
    """Return the elements between which a formula in a line of text may be broken."""
    root = ElementTree.fromstring(text)
    root.set("display", "inline")
    row = root[0] if len(root) == 1 else root
    parts: list[list[ElementTree.Element]] = [[]]
    depth, left = 0, len(row)
    for part in row:
        left -= 1
        sign = (part.text or "") if part.tag == f"{{{_NAMESPACE}}}mo" else ""
        if not part.tag.endswith("mrow"):  # which holds both of its fences
            mark = "".join(part.itertext())[:1] or " "
            depth += (mark in "([{⟨") - (mark in ")]}⟩")
        first = not parts[-1]
        parts[-1].append(part)
        after = sign in _RELATIONS or (sign in _SIGNS and not first and len(parts[-1]) > _SHORT)
        if len(row) > _SHORT and depth == 0 and left > 1 and after:
            parts.append([])
    ElementTree.register_namespace("", _NAMESPACE)
    found = []
    for part in parts:
        piece = ElementTree.Element(root.tag, root.attrib)
        ElementTree.SubElement(piece, f"{{{_NAMESPACE}}}mrow").extend(part)
        found.append(ElementTree.tostring(piece, encoding="unicode"))
    return found


class KeepTogether(SphinxPostTransform):
    """Let no line end between a formula and the marks around it."""

    default_priority = 900

    def run(self, **_: Any) -> None:
        """Move the marks into the attributes of the formula."""
        for node in list(self.document.findall(nodes.math)):
            place = node.parent.index(node)
            around = (("before", place - 1, _BEFORE.search), ("after", place + 1, _AFTER.match))
            for name, where, look in around:
                beside = node.parent[where] if 0 <= where < len(node.parent) else None
                found = look(beside.astext()) if isinstance(beside, nodes.Text) else None
                if found:
                    text = found.string[: found.start()] + found.string[found.end() :]
                    node.parent[where] = nodes.Text(text)
                    node[name] = found[0]


def _inline(writer: Any, node: nodes.math) -> None:
    text = _converted(node.astext().strip(), node)
    found = pieces(text) if text.startswith("<math") else [text]
    found[0] = writer.encode(node.get("before", "")) + found[0]
    found[-1] += writer.encode(node.get("after", ""))
    spans = "<wbr>".join(f"<span>{one}</span>" for one in found)
    writer.body.append(f'<span class="math">{spans}</span>')
    raise nodes.SkipNode


def _display(writer: Any, node: nodes.math_block) -> None:
    latex = node.astext().strip()
    tag = _TAG.search(latex)
    latex = _TAG.sub("", latex)
    if r"\\" in latex and r"\begin" not in latex:
        latex = latex.join(_LINES)
    name = f' id="{node["ids"][0]}"' if node["ids"] else ""
    number = get_node_equation_number(writer, node) if node.get("number") else tag and tag[1]
    writer.body.append(f'<div class="math"{name}><div>{_converted(latex, node)}</div>')
    if number:
        writer.body.append(f'<span class="eqno">({writer.encode(str(number))})</span>')
    writer.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer and make it the one that is used."""
    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
    app.add_post_transform(KeepTogether)
    app.config.html_math_renderer = "mathml"  # type: ignore[attr-defined]
    return {"parallel_read_safe": True, "parallel_write_safe": True}
