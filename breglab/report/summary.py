"""What the paper says and what is true: a line each, with the verdicts of an audit."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from breglab.report.words import kind_words
from breglab.theory import Kind


@dataclass(frozen=True)
class Erratum:
    """One line of the summary.

    Attributes
    ----------
    claims : tuple of str
        Ids of the claims about it, as in ``docs/errata.md``.
    confirmed : tuple of str
        Ids of the claims that state the corrected version.
    where : str
        Place in the paper.
    says, true : str
        What the paper says there, and what is true.
    """

    claims: tuple[str, ...]
    confirmed: tuple[str, ...]
    where: str
    says: str
    true: str


@dataclass(frozen=True)
class SummaryRow:
    """An erratum with the claims of a document that it is about, those that were checked."""

    erratum: Erratum
    claims: list[dict[str, Any]]
    confirmed: list[dict[str, Any]]


@dataclass(frozen=True)
class Summary:
    """The page: rows by the title of their group, and the claims that are true as printed."""

    groups: dict[str, list[SummaryRow]]
    true: list[dict[str, Any]]

    @property
    def empty(self) -> bool:
        """Whether none of its claims was checked."""
        return not self.groups and not self.true


@cache
def errata() -> dict[str, tuple[Erratum, ...]]:
    """Return every line by the title of its group, in the order of the summary."""
    text = resources.files("breglab.report").joinpath("summary.toml").read_text("utf-8")
    return {
        group["title"]: tuple(
            Erratum(
                tuple(row["claims"]),
                tuple(row.get("confirmed", ())),
                row["where"],
                row["says"],
                row["true"],
            )
            for row in group["row"]
        )
        for group in tomllib.loads(text)["group"]
    }


def summary(content: dict[str, Any]) -> Summary:
    """Return the summary of the claims in a document; lines about none of them are left out."""
    checked = {claim["id"]: claim for claim in content["claims"]}
    groups: dict[str, list[SummaryRow]] = {}
    for title, lines in errata().items():
        for line in lines:
            found, confirmed = (
                [checked[name] for name in names if name in checked]
                for names in (line.claims, line.confirmed)
            )
            if found or confirmed:
                groups.setdefault(title, []).append(SummaryRow(line, found, confirmed))
    printed = kind_words(Kind.TRUE_AS_PRINTED)
    named = {name for lines in errata().values() for line in lines for name in line.claims}
    return Summary(
        groups,
        [c for c in content["claims"] if c["kind"] == printed and c["id"] not in named],
    )
