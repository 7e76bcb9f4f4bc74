"""The page: one self-contained HTML file, no script, nothing loaded from elsewhere."""

from __future__ import annotations

from typing import Any

import jinja2

from breglab.report._claim_sections import claim_sections
from breglab.report._index import index
from breglab.report._matrix import matrix
from breglab.report._run_sections import run_sections
from breglab.report.words import number, sentence, symbols
from breglab.theory import Audit, all_claims


def page(audit: Audit, content: dict[str, Any]) -> str:
    """Return the report as HTML.

    Parameters
    ----------
    audit : Audit
        For the figures.
    content : dict
        Its `document`, for all that is written.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("breglab.report"),
        autoescape=jinja2.select_autoescape(["html"]),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters |= {"number": number, "symbols": symbols, "sentence": sentence}
    results = audit.results
    return environment.get_template("report.html").render(
        report=content,
        wanted=sum(result.as_expected for result in results),
        caught=sum(result.negative_caught for result in results),
        command=_command(content),
        claims=claim_sections(audit, content),
        runs=run_sections(audit, content),
        matrix=matrix(content),
        index=index(content),
    )


def _command(content: dict[str, Any]) -> str:
    """Return the command that makes this report again."""
    ids = [claim["id"] for claim in content["claims"]]
    named = "" if len(ids) == len(all_claims()) else " " + " ".join(ids)
    return f"breglab verify{named} --suite {content['suite']} --seed {content['seed']}"
