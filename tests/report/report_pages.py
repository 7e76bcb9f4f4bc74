"""Parts of a page, and audits with what the claims of the package need not have."""

from __future__ import annotations

from dataclasses import replace


def article(html: str, name: str) -> str:
    """Return the page of a claim."""
    start = html.index(f'<article id="claim-{name}"')
    return html[start : html.index("</article>", start)]


def proved(audit, name: str, certificates: tuple[str, ...], proof: str):
    """Return the audit of one claim, with a proof and certificates."""
    (result,) = (r for r in audit.results if r.claim.id == name)
    kind = type("Proved", (type(result.claim),), {"certificates": certificates, "proof": proof})
    return replace(audit, results=(replace(result, claim=kind()),), runs=())
