"""The directive ``claim``, which shows a claim with its verdict, and the role that links to it.

Statements, hypotheses and proofs come from the classes in `breglab.theory`; verdicts and margins
from the audit that `make docs` runs before the pages are built (``docs/_build/report``).
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar
from xml.etree import ElementTree

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective, SphinxRole

from breglab.report.words import number, typeset

_NAMED = re.compile(r"(?<=\bclaim )X?\d+(?:-[a-z]+)*\b")
REPORT = Path(__file__).parent.parent / "_build" / "report" / "report.json"


@functools.cache
def audit() -> dict[str, Any]:
    """Return the last audit, as `breglab.report.document` has it.

    Raises
    ------
    FileNotFoundError
        If there was none.
    """
    if not REPORT.exists():
        raise FileNotFoundError(
            f"{REPORT} is missing: `breglab verify --out docs/_build/report` writes it"
        )
    found: dict[str, Any] = json.loads(REPORT.read_text("utf-8"))
    return found


@functools.cache
def audited() -> dict[str, dict[str, Any]]:
    """Return the claims of the last audit by id."""
    return {claim["id"]: claim for claim in audit()["claims"]}


def label(name: str) -> str:
    """Return the target of a claim."""
    return f"claim-{name.lower()}"


def _unknown(name: str) -> str:
    return f"unknown claim {name!r}: breglab claims lists them"


def _raw(text: str) -> nodes.raw:
    return nodes.raw("", text, format="html")


def _paragraph(text: str, head: str = "") -> nodes.paragraph:
    heads = [nodes.strong("", head + " ")] if head else []
    return nodes.paragraph("", "", *heads, *_typeset(text))


def _typeset(text: str) -> Iterator[nodes.Node]:
    """Yield plain text with its mathematics in symbols, as the report shows it."""
    return _parts(ElementTree.fromstring(f"<p>{typeset(text)}</p>"))


def _parts(element: ElementTree.Element) -> Iterator[nodes.Node]:
    yield nodes.Text(element.text or "")
    for part in element:
        kind = {"sub": nodes.subscript, "sup": nodes.superscript}[part.tag]
        yield kind("", "", *_parts(part))
        yield nodes.Text(part.tail or "")


def _margin(claim: dict[str, Any]) -> str:
    checked = [one for one in claim["instances"] if one["verdict"] != "not applicable"]
    what = "instance" if claim["about_runs"] else "case"
    count = f"{len(checked)} {what}{'s' if len(checked) != 1 else ''}"
    if claim["worst_margin"] is None:
        return f"on {count}."
    least = f"{number(claim['worst_margin'])}, on {claim['worst_instance']}"
    return f"on {count}; the least margin is {least}."


def _negative(claim: dict[str, Any]) -> str:
    negative = claim["negative_instance"]
    text = negative["title"] or negative["name"]
    margin = negative["worst_margin"]
    return f"{text.rstrip('.')}" + ("." if margin is None else f" (margin {number(margin)}).")


class ClaimBlock(SphinxDirective):
    """``{claim-block} 18``: formula, words, hypotheses, verdict, tightness and proof of a claim."""

    required_arguments = 1
    option_spec: ClassVar = {"anchor": directives.flag}

    def run(self) -> list[nodes.Node]:
        """Return the block."""
        name = self.arguments[0]
        if name not in audited():
            raise self.error(_unknown(name))
        claim = audited()[name]
        block = nodes.container(classes=["claim", f"claim-{claim['verdict'].replace(' ', '-')}"])
        if "anchor" in self.options:
            block["ids"].append(label(name))
            domain = self.env.domains.standard_domain
            domain.note_hyperlink_target(label(name), self.env.docname, label(name), name)
        block += _raw(_head(claim))
        if claim["latex"]:
            formula = nodes.math_block("", claim["latex"], number=None, label=None, nowrap=False)
            block += formula
        block += _paragraph(claim["statement"])
        if claim["hypotheses"]:
            listed = "; ".join(claim["hypotheses"])
            block += _paragraph(f"{listed[0].upper()}{listed[1:]}.", "Hypotheses.")
        block += _paragraph(_margin(claim), "Checked")
        block += _paragraph(_negative(claim), "What must violate it:")
        if claim["tight"]:
            block += _paragraph(claim["tight"], "Tight?")
        if claim["proof"]:
            head = "Refutation" if claim["expected"] == "violated" else "Proof"
            block += _raw(f"<details><summary>{head}</summary>")
            block += _paragraph(claim["proof"])
            block += _raw("</details>")
        return [block]


def _head(claim: dict[str, Any]) -> str:
    title = typeset(claim["title"])
    source = typeset(f"{claim['source']} · {claim['kind']}")
    return (
        f'<p class="claim-head"><strong>Claim {claim["id"]}.</strong> {title}'
        f' <span class="claim-verdict">{claim["verdict"]}</span>'
        f'<br><span class="claim-source">{source}</span></p>'
    )


class ClaimRole(SphinxRole):
    """``{claim}`18```: a link to the block of a claim, with the verdict as its title."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the link."""
        name = self.text.strip()
        if name not in audited():
            message = self.inliner.reporter.error(_unknown(name), line=self.lineno)
            return [nodes.problematic(self.rawtext, self.rawtext)], [message]
        text = nodes.inline("", f"claim {name}", classes=["claim-link", "std", "std-ref"])
        return [_link(name, text, self.env.docname)], []


def _link(name: str, shown: nodes.Node, page: str) -> pending_xref:
    return pending_xref(
        "", shown, refdomain="std", reftype="ref", reftarget=label(name), refexplicit=True,
        refwarn=True, refdoc=page,
    )  # fmt: skip


class LinkClaims(SphinxTransform):
    """Make links of the ids of claims in pages that are read without the site, too.

    These are what follows the word "claim", as text or as code, and the heads of the errata.
    """

    default_priority = 300

    def apply(self) -> None:
        """Change the page."""
        page = self.env.docname
        if page.startswith("docs/generated/"):
            return
        for node in list(self.document.findall(nodes.literal)):
            place = node.parent.index(node)
            before = node.parent[place - 1].astext() if place else ""
            if node.astext() in audited() and before.endswith("claim "):
                node.replace_self(_link(node.astext(), node.deepcopy(), page))
        for node in list(self.document.findall(nodes.strong)) if page == "docs/errata" else []:
            if node.astext() in audited():
                node.replace_self(_link(node.astext(), node.deepcopy(), page))
        for node in list(self.document.findall(nodes.Text)):
            if isinstance(node.parent, nodes.paragraph):
                node.parent.replace(node, list(_linked(str(node), page)))


def _linked(text: str, page: str) -> Iterator[nodes.Node]:
    end = 0
    for found in _NAMED.finditer(text):
        if found[0] in audited():
            yield nodes.Text(text[end : found.start()])
            shown = nodes.inline("", found[0], classes=["claim-link", "std", "std-ref"])
            yield _link(found[0], shown, page)
            end = found.end()
    yield nodes.Text(text[end:])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive and the role."""
    app.add_directive("claim-block", ClaimBlock)
    app.add_role("claim", ClaimRole())
    app.add_transform(LinkClaims)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
