"""The audit as plain data: what ``report.json`` holds, described by ``report.schema.json``."""

from __future__ import annotations

import contextlib
import datetime
import json
import math
import platform
from importlib import metadata, resources
from typing import Any

import breglab
from breglab.geometry import ElasticNet, MirrorMap
from breglab.report._certificates import certificates
from breglab.report.words import kind_words
from breglab.theory import Audit, ClaimResult, Finding, Run, Statement

SCHEMA_VERSION = "1.1"

_LIBRARIES = ("numpy", "scipy", "cvxpy")


def document(audit: Audit, created: datetime.datetime | None = None) -> dict[str, Any]:
    """Return an audit as dictionaries, lists, strings and finite numbers.

    Parameters
    ----------
    audit : Audit
        What `breglab.theory.verify` returned.
    created : datetime, optional
        With a time zone; now unless given.

    Returns
    -------
    dict
        Valid against `schema`. Numbers that are not finite are None.
    """
    moment = (created or datetime.datetime.now(datetime.UTC)).astimezone(datetime.UTC)
    titles = {run.instance.name: run.instance.title for run in audit.runs}
    return {
        "schema_version": SCHEMA_VERSION,
        "breglab": breglab.__version__,
        "created": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "suite": audit.suite,
        "seed": audit.seed,
        "seconds": _finite(audit.seconds),
        "environment": _environment(),
        "as_expected": audit.as_expected,
        "claims": [_claim(result, titles) for result in audit.results],
        "runs": [_run(run) for run in audit.runs],
    }


def json_text(content: dict[str, Any]) -> str:
    """Return a document as JSON text, one key a line."""
    return json.dumps(content, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of the document."""
    text = resources.files("breglab.report").joinpath("report.schema.json").read_text("utf-8")
    content: dict[str, Any] = json.loads(text)
    return content


def _environment() -> dict[str, str]:
    found = {"python": platform.python_version()}
    found |= {name: metadata.version(name) for name in _LIBRARIES}
    return found | {"platform": f"{platform.system()} {platform.machine()}"}


def _claim(result: ClaimResult, titles: dict[str, str]) -> dict[str, Any]:
    claim, worst = result.claim, result.worst
    about_runs = not isinstance(claim, Statement)
    # A statement has no hypothesis but that it is about no run; its cases may share a run's name.
    titles = titles | _own_titles(result) if about_runs else {}
    hypotheses = claim.hypotheses if about_runs else ()
    margins = worst.margins if worst is not None else None
    return {
        "id": claim.id,
        "kind": kind_words(claim.kind),
        "section": claim.section,
        "about_runs": about_runs,
        "source": claim.source,
        "title": claim.title,
        "statement": claim.words or claim.title,
        "latex": claim.latex,
        "hypotheses": [hypothesis.sentence for hypothesis in hypotheses],
        "tight": claim.tight,
        "proof": claim.proof,
        "certificates": certificates(claim),
        "verdict": result.verdict.value,
        "expected": claim.expected.value,
        "as_expected": result.as_expected,
        "reason": result.reason,
        "worst_margin": None if worst is None else _finite(worst.worst_margin),
        "worst_instance": None if worst is None else worst.instance,
        "worst_k": None if margins is None else margins.worst_k,
        "tolerance": None if margins is None else _finite(margins.tolerance),
        "instances": [_finding(f, titles) for f in result.findings],
        "negative_instance": _finding(result.negative, titles) | {"caught": result.negative_caught},
        "seconds": _finite(result.seconds),
    }


def _own_titles(result: ClaimResult) -> dict[str, str]:
    """Return the titles of the claim's own instances, those that can be built."""
    found: dict[str, str] = {}
    with contextlib.suppress(Exception):  # the verdict already says what went wrong there
        found |= {instance.name: instance.title for instance in result.claim.own_instances()}
    with contextlib.suppress(Exception):
        negative = result.claim.negative_instance()
        found[negative.name] = negative.title
    return found


def _finding(finding: Finding, titles: dict[str, str]) -> dict[str, Any]:
    margins = finding.margins if finding.margins is not None and len(finding.margins.k) else None
    return {
        "name": finding.instance,
        "title": titles.get(finding.instance, ""),
        "verdict": finding.verdict.value,
        "worst_margin": _finite(finding.worst_margin),
        "worst_k": None if margins is None else margins.worst_k,
        "reason": finding.reason,
    }


def _run(run: Run) -> dict[str, Any]:
    instance, trace, problem = run.instance, run.trace, run.instance.problem
    last = {
        name: _finite(float(trace[name][-1])) if name in trace.columns else None
        for name in ("loss", "regularizer", "support", "bregman", "error")
    }
    return {
        "name": instance.name,
        "title": instance.title,
        "source": problem.source if problem is not None else "",
        "real_data": problem is not None and problem.real_data,
        "rule": type(instance.rule).__name__,
        "mirror_map": _mirror_map(instance.phi),
        "delta": _finite(instance.delta),
        "size": int(run.trace.theta.shape[-1]),
        "seed": instance.seed,
        "status": trace.status.value,
        "iterations": int(trace.k[-1]),
        "last": last,
    }


def _mirror_map(phi: MirrorMap) -> str:
    name = type(phi).__name__
    return f"{name}({type(phi.J).__name__})" if isinstance(phi, ElasticNet) else name


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
