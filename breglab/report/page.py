"""The page: one self-contained HTML file, no script, nothing loaded from elsewhere."""

from __future__ import annotations

from functools import partial
from typing import Any

import jinja2

from breglab.report._claim_sections import claim_sections
from breglab.report._index import index
from breglab.report._matrix import matrix
from breglab.report._run_sections import run_sections
from breglab.report._styles import shared
from breglab.report._tightness import tightness
from breglab.report.summary import summary
from breglab.report.words import number, sentence, symbols, typeset
from breglab.theory import Audit, all_claims

_MARK = "/* shared styles */"


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
    environment.filters |= {
        "number": number,
        "symbols": symbols,
        "sentence": sentence,
        "typeset": partial(typeset, ids={claim["id"] for claim in content["claims"]}),
    }
    results = audit.results
    html = environment.get_template("report.html").render(
        report=content,
        wanted=sum(result.as_expected for result in results),
        caught=sum(result.negative_caught for result in results),
        command=_command(content),
        claims=claim_sections(audit, content),
        runs=run_sections(audit, content),
        matrix=matrix(content),
        index=index(content),
        summary=summary(content),
        tight=tightness(),
        shared_styles=_MARK,
    )
    html, rules = shared(html)
    return html.replace(_MARK, rules)


def _command(content: dict[str, Any]) -> str:
    """Return the command that makes this report again."""
    ids = [claim["id"] for claim in content["claims"]]
    named = "" if len(ids) == len(all_claims()) else " " + " ".join(ids)
    return f"breglab verify{named} --suite {content['suite']} --seed {content['seed']}"
