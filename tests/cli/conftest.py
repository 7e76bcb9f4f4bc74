"""A tiny audit in the place of the real one, so that the commands answer at once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from breglab import theory
from breglab.theory import Audit, ClaimResult, check, check_negative, execute, find_claims
from breglab.theory.small import parabola


def small_audit(*, missed: bool = False) -> Audit:
    """Check one claim on one parabola; with `missed` its negative instance goes unnoticed."""
    run = execute(parabola("one", "J = 0, L = theta^2/2", tau=0.5))
    claim = find_claims(("19",))[0]
    finding = check(claim, run)
    result = ClaimResult(claim, (finding,), finding if missed else check_negative(claim))
    return Audit((result,), (run,), "quick", 0, 0.5)


class Stub:
    """Stands for `breglab.theory.verify` and remembers how it was called."""

    def __init__(self) -> None:
        self.calls: list[dict] = []
        self.audit: Callable[[], Audit] = small_audit

    def miss(self) -> None:
        """Let the negative instance go unnoticed from now on."""
        self.audit = lambda: small_audit(missed=True)

    def __call__(self, claims, *, suite, seed, jobs, on_progress) -> Audit:
        ids = [claim.id for claim in claims]
        self.calls.append({"claims": ids, "suite": suite, "seed": seed, "jobs": jobs})
        on_progress(1, 2)
        on_progress(2, 2)
        return self.audit()


@pytest.fixture(autouse=True)
def _as_wide_as_a_pipe(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture
def stub(monkeypatch) -> Stub:
    found = Stub()
    monkeypatch.setattr(theory, "verify", found)
    return found
