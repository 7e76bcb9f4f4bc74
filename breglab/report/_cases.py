"""A table in the place of figures, for a claim with a handful of samples."""

from __future__ import annotations

from dataclasses import dataclass

from breglab.theory import ClaimResult, Finding

_MOST_ROWS = 8


@dataclass(frozen=True)
class Case:
    """Both sides of a statement at one sample."""

    name: str
    k: int
    left: float
    right: float
    margin: float
    verdict: str
    negative: bool


def case_table(result: ClaimResult) -> list[Case]:
    """Return every sample of a claim, the negative ones last; empty if there are more than 8."""
    negative = [f for f in (result.negative,) if f.instance not in _names(result)]
    found = [*result.applicable, *negative]
    samples = sum(len(f.margins.k) for f in found if f.margins is not None)
    if samples > _MOST_ROWS:
        return []
    return [case for f in found for case in _samples(f, f is result.negative)]


def _names(result: ClaimResult) -> set[str]:
    return {f.instance for f in result.applicable}


def _samples(finding: Finding, negative: bool) -> list[Case]:
    if finding.margins is None:
        return []
    samples = (finding.margins.at(i) for i in range(len(finding.margins.k)))
    return [
        Case(
            finding.instance,
            int(sample.k[0]),
            float(sample.lhs[0]),
            float(sample.rhs[0]),
            sample.worst,
            sample.verdict.value,
            negative,
        )
        for sample in samples
    ]
