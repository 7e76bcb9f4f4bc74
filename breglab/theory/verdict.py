"""The four verdicts on a claim."""

from __future__ import annotations

import enum


class Verdict(enum.Enum):
    """What a check concluded; `sentence` says it for a person."""

    HOLDS = "holds"
    VIOLATED = "violated"
    NOT_APPLICABLE = "not applicable"
    INCONCLUSIVE = "inconclusive"

    @property
    def sentence(self) -> str:
        """The verdict in a sentence."""
        return _SENTENCES[self]


_SENTENCES = {
    Verdict.HOLDS: "The statement held at every iterate that was checked.",
    Verdict.VIOLATED: "The statement failed by more than rounding.",
    Verdict.NOT_APPLICABLE: "A hypothesis of the statement is not met.",
    Verdict.INCONCLUSIVE: (
        "The check could not decide: an error, a NaN, an interval about zero, or no instance."
    ),
}
