"""The audit: every claim on every instance, and on the instance that must violate it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from joblib import Parallel, delayed

from breglab._checks import count
from breglab.theory.claim import Claim, Finding, check, check_negative
from breglab.theory.claims import all_claims
from breglab.theory.instance import Instance, Run, execute
from breglab.theory.suite import common_instances
from breglab.theory.verdict import Verdict


@dataclass(frozen=True)
class ClaimResult:
    """A claim with all that was found about it.

    Attributes
    ----------
    claim : Claim
        The statement.
    findings : tuple of Finding
        One for each instance, those it does not apply to included.
    negative : Finding
        On the instance that must violate it.
    """

    claim: Claim
    findings: tuple[Finding, ...]
    negative: Finding

    @property
    def applicable(self) -> tuple[Finding, ...]:
        """The findings on instances that meet the hypotheses."""
        return tuple(f for f in self.findings if f.verdict is not Verdict.NOT_APPLICABLE)

    @property
    def verdict(self) -> Verdict:
        """Violated if it is anywhere, then inconclusive, then holds."""
        found = {f.verdict for f in self.applicable}
        for verdict in (Verdict.VIOLATED, Verdict.INCONCLUSIVE, Verdict.HOLDS):
            if verdict in found:
                return verdict
        return Verdict.NOT_APPLICABLE

    @property
    def worst(self) -> Finding | None:
        """The applicable finding with the least margin."""
        with_margins = [f for f in self.applicable if f.margins is not None]
        return min(with_margins, key=lambda f: f.margins.worst, default=None)  # type: ignore[union-attr]

    @property
    def negative_caught(self) -> bool:
        """Whether the negative instance came out violated."""
        return self.negative.verdict is Verdict.VIOLATED

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is the expected one and the negative instance was caught."""
        return self.verdict is self.claim.expected and self.negative_caught

    @property
    def seconds(self) -> float:
        """Wall-clock time of all the checks, without the runs."""
        return sum(f.seconds for f in self.findings) + self.negative.seconds


@dataclass(frozen=True)
class Audit:
    """The outcome of `verify`.

    Attributes
    ----------
    results : tuple of ClaimResult
        One for each claim, in the order of the paper.
    runs : tuple of Run
        The runs of the common instances, for pictures.
    suite : str
        ``quick`` or ``full``.
    seed : int
        The seed.
    seconds : float
        Wall-clock time of everything.
    """

    results: tuple[ClaimResult, ...]
    runs: tuple[Run, ...]
    suite: str
    seed: int
    seconds: float

    @property
    def as_expected(self) -> bool:
        """Whether every result is."""
        return all(result.as_expected for result in self.results)


@dataclass(frozen=True)
class _Visit:
    """What one instance gives: its run, and the findings of all claims that asked."""

    run: Run | None
    findings: tuple[Finding, ...] = field(default=())


def verify(
    claims: Sequence[Claim] | None = None,
    *,
    suite: str = "quick",
    seed: int = 0,
    jobs: int = 1,
    instances: Sequence[Instance] | None = None,
    on_progress: Callable[[int, int], object] | None = None,
) -> Audit:
    """Check claims on the instances of a suite and on the instances that must violate them.

    Parameters
    ----------
    claims : sequence of Claim, optional
        All of them unless given.
    suite : str
        ``quick`` or ``full``, see `common_instances`.
    seed : int
        Seed of everything that is drawn.
    jobs : int
        Number of processes, -1 for all cores. The work is spread by joblib, whose backend can be a
        cluster: ``with joblib.parallel_config(backend="dask"): verify(...)``.
    instances : sequence of Instance, optional
        Tried in the place of the common instances of the suite.
    on_progress : function of (done, total), optional
        Called after each piece of work.

    Returns
    -------
    Audit
        A claim that raises, or an instance that cannot be run, is inconclusive there and the others
        go on.
    """
    begun = time.perf_counter()
    chosen = tuple(claims) if claims is not None else all_claims()
    common = common_instances(suite, seed) if instances is None else tuple(instances)
    widely = tuple(claim for claim in chosen if claim.on_common)
    tasks = [delayed(_visit)(instance, widely) for instance in common]
    for claim in chosen:
        tasks += [delayed(_visit)(instance, (claim,)) for instance in claim.own_instances()]
    tasks += [delayed(_state)(claim) for claim in chosen]
    tasks += [delayed(check_negative)(claim) for claim in chosen]
    visits: list[_Visit] = []
    negatives: dict[str, Finding] = {}
    if jobs != -1:
        count(jobs, "jobs")
    done = Parallel(n_jobs=jobs, return_as="generator")(tasks)
    for number, outcome in enumerate(done, start=1):
        if isinstance(outcome, _Visit):
            visits.append(outcome)
        else:
            negatives[outcome.claim] = outcome
        if on_progress is not None:
            on_progress(number, len(tasks))
    found = [finding for visit in visits for finding in visit.findings]
    results = tuple(
        ClaimResult(c, tuple(f for f in found if f.claim == c.id), negatives[c.id]) for c in chosen
    )
    runs = tuple(visit.run for visit in visits[: len(common)] if visit.run is not None)
    return Audit(results, runs, suite, seed, time.perf_counter() - begun)


def _visit(instance: Instance, claims: Sequence[Claim]) -> _Visit:
    """Run an instance once and check all claims on it."""
    try:
        run = execute(instance)
    except Exception as error:
        reason = f"the instance could not be run: {type(error).__name__}: {error}"
        failed = (Finding(c.id, instance.name, Verdict.INCONCLUSIVE, reason=reason) for c in claims)
        return _Visit(None, tuple(failed))
    findings = tuple(check(claim, run) for claim in claims)
    # Without the cached transitions, which are large and not needed any more.
    return _Visit(Run(run.instance, run.trace), findings)


def _state(claim: Claim) -> _Visit:
    """Evaluate what the claim states without a run."""
    try:
        return _Visit(None, claim.findings())
    except Exception as error:
        reason = f"the cases could not be made: {type(error).__name__}: {error}"
        return _Visit(None, (Finding(claim.id, "cases", Verdict.INCONCLUSIVE, reason=reason),))
