"""The audit: every claim on every instance, and on the instance that must violate it."""

from __future__ import annotations

import contextlib
import math
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import cloudpickle
from joblib import Parallel, delayed

from breglab._checks import count
from breglab._interrupts import INTERRUPTS
from breglab.theory.claim import Claim, Finding, check, check_negative
from breglab.theory.claims import all_claims
from breglab.theory.errors import described, located
from breglab.theory.instance import Instance, Run, execute
from breglab.theory.suite import common_instances
from breglab.theory.verdict import Verdict


@dataclass(frozen=True, eq=False)
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
        known = [f for f in self.applicable if not math.isnan(f.worst_margin)]
        return min(known, key=lambda f: f.worst_margin, default=None)

    @property
    def negative_caught(self) -> bool:
        """Whether the negative instance came out violated."""
        return self.negative.verdict is Verdict.VIOLATED

    @property
    def as_expected(self) -> bool:
        """Whether the verdict is the expected one and the negative instance was caught."""
        return self.verdict is self.claim.expected and self.negative_caught

    @property
    def reason(self) -> str:
        """Why the result is not as expected, in a sentence; empty where it is."""
        parts = [] if self.verdict is self.claim.expected else [self._verdict_in_words()]
        if not self.negative_caught:
            parts.append(f"the negative instance was missed: {_in_words(self.negative)}")
        return "; ".join(parts)

    def _verdict_in_words(self) -> str:
        if self.verdict is Verdict.NOT_APPLICABLE:
            return self._applies_nowhere()
        found = [f for f in self.applicable if f.verdict is self.verdict]
        if self.verdict is Verdict.HOLDS:
            on = _count(found, "all of")
            return f"holds on {on}, where it was expected to be violated"
        worst = min(found, key=lambda f: (f.worst_margin, f.instance))
        more = f", and on {len(found) - 1} more" if len(found) > 1 else ""
        return _in_words(worst) + more

    def _applies_nowhere(self) -> str:
        """Say which hypotheses fail: all of the instances may fail one, or each its own."""
        failed = Counter(f.reason for f in self.findings)
        if not failed:
            return "not applicable: there is no instance to check it on"
        nowhere = f"not applicable on {_count(self.findings, 'any of')}"
        if len(failed) == 1:
            where = "there" if len(self.findings) == 1 else "everywhere"
            return f'{nowhere}: the hypothesis "{next(iter(failed))}" fails {where}'
        each = ", ".join(f'"{reason}" fails on {n}' for reason, n in failed.most_common())
        return f"{nowhere}: of the hypotheses, {each}"

    @property
    def seconds(self) -> float:
        """Wall-clock time of all the checks, without the runs."""
        return sum(f.seconds for f in self.findings) + self.negative.seconds


def _count(findings: Sequence[Finding], several: str) -> str:
    return "its only instance" if len(findings) == 1 else f"{several} {len(findings)} instances"


def _in_words(finding: Finding) -> str:
    """Return the verdict on one instance, with the reason or the margin."""
    found = f"{finding.verdict.value} on {finding.instance}"
    if finding.reason:
        return f"{found}: {finding.reason}"
    margins = finding.margins
    if margins is None or len(margins.k) == 0:
        return found
    return f"{found} with margin {margins.worst:.1e} at k = {margins.worst_k}"


@dataclass(frozen=True, eq=False)
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


@dataclass(frozen=True, eq=False)
class _Visit:
    """What one instance gives: its run, and the findings of all claims that asked."""

    run: Run | None
    findings: tuple[Finding, ...]


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

    Raises
    ------
    TypeError
        If a claim is no `Claim`, an instance no `Instance`, or a number no integer.
    ValueError
        If there is no claim, two claims or two instances have one name, or `suite`, `seed` or
        `jobs` is out of its range.

    Examples
    --------
    >>> from breglab.theory import find_claims, verify
    >>> verify(find_claims("18"), instances=()).results[0].verdict.value
    'violated'
    """
    begun = time.perf_counter()
    if jobs != -1:
        count(jobs, "jobs")
    chosen = tuple(claims) if claims is not None else all_claims()
    if not chosen:
        raise ValueError("claims must hold at least one claim")
    common = common_instances(suite, seed) if instances is None else tuple(instances)
    _check_each("claims", chosen, Claim)
    _check_each("instances", common, Instance)
    _check_once("claims", [claim.id for claim in chosen])
    _check_once("instances", [instance.name for instance in common])
    widely = tuple(claim for claim in chosen if claim.on_common)
    tasks = [delayed(_visit)(instance, widely) for instance in common]
    tasks += [delayed(_visit_own)(claim) for claim in chosen]
    tasks += [delayed(check_negative)(claim) for claim in chosen]
    outcomes = _outcomes(tasks, jobs, on_progress)
    visits: list[_Visit] = outcomes[: len(common)]
    own: list[tuple[Finding, ...]] = outcomes[len(common) : -len(chosen)]
    negatives: list[Finding] = outcomes[-len(chosen) :]
    found = [finding for visit in visits for finding in visit.findings]
    results = tuple(
        ClaimResult(claim, (*(f for f in found if f.claim == claim.id), *mine), negative)
        for claim, mine, negative in zip(chosen, own, negatives, strict=True)
    )
    runs = tuple(visit.run for visit in visits if visit.run is not None)
    return Audit(results, runs, suite, seed, time.perf_counter() - begun)


def _outcomes(
    tasks: Sequence[Any], jobs: int, on_progress: Callable[[int, int], object] | None
) -> list[Any]:
    """Return what the tasks give, in their order; what cannot travel is done in this process."""
    away = [i for i, task in enumerate(tasks) if jobs != 1 and _travels(task)]
    here = sorted(set(range(len(tasks))) - set(away))
    with _deaf_workers():
        spread = Parallel(n_jobs=jobs, return_as="generator")(tasks[i] for i in away)
    local = (function(*args, **options) for function, args, options in (tasks[i] for i in here))
    outcomes: list[Any] = [None] * len(tasks)
    for done, (i, outcome) in enumerate(zip(away + here, chain(spread, local), strict=True), 1):
        outcomes[i] = outcome
        if on_progress is not None:
            on_progress(done, len(tasks))
    return outcomes


@contextlib.contextmanager
def _deaf_workers() -> Iterator[None]:
    """Let the processes that are started here inherit that Ctrl-C is for their parent alone.

    A terminal sends it to all of them; a worker that dies of it leaves its parent waiting.
    """
    before = signal.getsignal(signal.SIGINT)
    # Only the main thread may set a handler, and one that Python has not set cannot be put back.
    if before is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _travels(task: Any) -> bool:
    try:
        cloudpickle.dumps(task)
    except INTERRUPTS:
        raise
    except BaseException:  # a user's class may raise anything while it is pickled
        return False
    return True


def _visit_own(claim: Claim) -> tuple[Finding, ...]:
    """Check a claim on its own instances, and evaluate what it states without a run."""
    try:
        instances, stated = tuple(claim.own_instances()), tuple(claim.findings())
        _check_each("own_instances", instances, Instance)
        _check_each("findings", stated, Finding)
    except INTERRUPTS:
        raise
    except BaseException as error:
        reason = f"its own instances could not be made: {located(error, type(claim))}"
        return (Finding(claim.id, "own instances", Verdict.INCONCLUSIVE, reason=reason),)
    found = (f for instance in instances for f in _visit(instance, (claim,)).findings)
    return (*found, *stated)


def _visit(instance: Instance, claims: Sequence[Claim]) -> _Visit:
    """Run an instance once and check all claims on it."""
    try:
        run = execute(instance)
    except INTERRUPTS:
        raise
    except BaseException as error:
        reason = f"the instance could not be run: {described(error)}"
        failed = (Finding(c.id, instance.name, Verdict.INCONCLUSIVE, reason=reason) for c in claims)
        return _Visit(None, tuple(failed))
    findings = tuple(check(claim, run) for claim in claims)
    # Without the cached transitions, which are large and not needed any more.
    return _Visit(Run(run.instance, run.trace), findings)


def _check_each(name: str, found: Sequence[object], kind: type) -> None:
    for one in found:
        if not isinstance(one, kind):
            raise TypeError(f"{name} must hold objects of the class {kind.__name__}, got {one!r}")


def _check_once(name: str, labels: Sequence[str]) -> None:
    repeated = sorted({label for label in labels if labels.count(label) > 1})
    if repeated:
        raise ValueError(f"{name} must be named once each, got {', '.join(repeated)} again")
