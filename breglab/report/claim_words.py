"""What page and terminal say of a claim in words of their own."""

from __future__ import annotations

import inspect
import re
from typing import Any

from breglab.theory import Claim, Kind

_LABELS = ("Statement", "Hypotheses", "Checked", "Tight", "Source")


def kind_words(kind: Kind) -> str:
    """Return the kind of a claim in two or three words."""
    return "beyond the paper" if kind is Kind.BEYOND else kind.name.lower().replace("_", " ")


def must_fail(data: dict[str, Any]) -> str:
    """Return what a claim, given as its part of the document, has to fail on, in words."""
    negative = data["negative_instance"]
    name, title = negative["name"], negative["title"]
    if data["expected"] != "violated" or name not in {one["name"] for one in data["instances"]}:
        return str(title or name)
    what = "instance" if data["about_runs"] else "case"
    return f"its own counterexample, {what} {name}" + (f": {title}" if title else "")


def not_applicable(data: dict[str, Any]) -> dict[str, list[str]]:
    """Return the instances where a claim, given as its part of the document, does not apply.

    Returns
    -------
    dict of str to list of str
        Their names, by the hypothesis that they do not meet.
    """
    found: dict[str, list[str]] = {}
    for one in data["instances"]:
        if one["verdict"] == "not applicable":
            found.setdefault(one["reason"], []).append(one["name"])
    return found


def docstring_field(claim: Claim, label: str) -> str:
    """Return one labelled part of a claim's docstring in one line; empty if it is not there."""
    text = inspect.getdoc(type(claim)) or ""
    following = "|".join(_LABELS)
    found = re.search(rf"^{label}: (.*?)(?=^(?:{following}):|^\s*$|\Z)", text, re.S | re.M)
    return " ".join(found[1].split()) if found else ""
