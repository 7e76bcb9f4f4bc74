"""Claims: statements of the paper that can be checked on a run, and can fail."""

from __future__ import annotations

import abc
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import ClassVar

from breglab._interrupts import INTERRUPTS
from breglab.theory.errors import located
from breglab.theory.estimation import estimated
from breglab.theory.instance import Instance, Run, execute
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins
from breglab.theory.verdict import Verdict

_UNCONFIRMED = (
    "the law of the gradient can be listed (draws refute an equality of expectations, but never "
    "confirm it)"
)


@dataclass(frozen=True)
class Hypothesis:
    """A condition of a claim: a predicate on a run, with the sentence that it stands for."""

    sentence: str
    holds: Callable[[Run], bool]


class Claim(abc.ABC):
    """A statement with its hypotheses, its margin per iterate, and an instance that violates it.

    Subclasses set the class attributes and implement `margins` and `negative_instance`; the
    docstring of each has the same order: statement, hypotheses, how it is checked, whether it is
    tight, source.

    Attributes
    ----------
    id : str
        Row of the claim, ``"18"`` or ``"X3"``.
    title : str
        A few words.
    kind : Kind
        How the claim relates to the printed text.
    section : str
        Section of the paper, for an index: ``"3.2"``, ``"B"``; empty for what is not in it.
    source : str
        Place in the paper: theorem, equation.
    latex : str
        The statement as LaTeX (display mathematics, no delimiters); may be empty.
    words : str
        The statement in a sentence or two; the title says it where this is empty.
    tight : str
        Whether and where it is attained.
    proof : str
        A sketch of the proof, or of the refutation, in plain text.
    certificates : tuple of str
        Names of the saved exact certificates (`breglab.theory.certificates`) that prove it, or an
        instance of it.
    expected : Verdict
        What a sound check finds.
    hypotheses : tuple of Hypothesis
        An instance that fails one is ``not applicable``.
    on_common : bool
        Whether the common instances are tried; otherwise `own_instances` only.
    reference : str
        What the command line calls it: ``"my_claims.py::MyClaim"`` if it came from a file, else
        empty, which is the id.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    kind: ClassVar[Kind] = Kind.BEYOND
    section: ClassVar[str] = ""
    source: ClassVar[str] = "own claim"
    latex: ClassVar[str] = ""
    words: ClassVar[str] = ""
    tight: ClassVar[str] = ""
    proof: ClassVar[str] = ""
    certificates: ClassVar[tuple[str, ...]] = ()
    expected: ClassVar[Verdict] = Verdict.HOLDS
    hypotheses: ClassVar[tuple[Hypothesis, ...]] = ()
    on_common: ClassVar[bool] = True
    reference: str = ""

    @abc.abstractmethod
    def margins(self, run: Run) -> Margins:
        """Return the margins of the statement along a run."""

    @abc.abstractmethod
    def negative_instance(self) -> Instance:
        """Return an instance on which the statement must come out violated.

        For a true statement it breaks a hypothesis, or states a constant, a map or a rule that is
        not its own; for a statement that is false as printed it is the counterexample, within the
        printed hypotheses.
        """

    def own_instances(self) -> tuple[Instance, ...]:
        """Return instances that this claim needs besides the common ones."""
        return ()

    def findings(self) -> tuple[Finding, ...]:
        """Return what is found without a run: nothing, but for a `Statement`."""
        return ()

    def negative_finding(self) -> Finding:
        """Return the finding on what must violate the claim, hypotheses not enforced."""
        instance: object = self.negative_instance()
        if not isinstance(instance, Instance):
            raise TypeError(f"negative_instance must return an Instance, got {instance!r}")
        return check(self, execute(instance), enforce=False)


@dataclass(frozen=True, eq=False)
class Finding:
    """One claim on one instance.

    Attributes
    ----------
    claim, instance : str
        The id and the name.
    verdict : Verdict
        Of this instance alone.
    margins : Margins or None
        None where the claim does not apply or could not be evaluated.
    reason : str
        The hypothesis that is not met, or the error; of a verdict that rests on draws, what it
        assumes.
    seconds : float
        Wall-clock time of the check, without the run.
    """

    claim: str
    instance: str
    verdict: Verdict
    margins: Margins | None = field(default=None, repr=False)
    reason: str = ""
    seconds: float = 0.0

    @property
    def worst_margin(self) -> float:
        """The least margin, NaN where there is none."""
        return self.margins.worst if self.margins is not None else math.nan


def check(claim: Claim, run: Run, *, enforce: bool = True) -> Finding:
    """Check a claim on a run.

    Parameters
    ----------
    claim : Claim
        The statement.
    run : Run
        The run.
    enforce : bool
        Whether the hypotheses are asked first; a negative instance breaks them on purpose.

    Returns
    -------
    Finding
        A claim that raises is inconclusive on this instance, with the error as its reason. Where
        the law of the gradient cannot be listed the margins are `estimated`, and an equality of
        expectations that the draws do not refute is not applicable: no number of them confirms it.
        An inequality that "holds" there is not refuted by so many draws, which its reason says.
    """
    begun = time.perf_counter()
    name = run.instance.name
    try:
        for hypothesis in claim.hypotheses if enforce else ():
            if not hypothesis.holds(run):
                return Finding(claim.id, name, Verdict.NOT_APPLICABLE, reason=hypothesis.sentence)
    except INTERRUPTS:
        raise
    except BaseException as error:
        return _failed(claim, name, error)
    found = judge(claim, name, lambda: estimated(claim.margins, run), begun)
    if enforce and found.margins is not None and found.margins.unconfirmed:
        return replace(found, verdict=Verdict.NOT_APPLICABLE, margins=None, reason=_UNCONFIRMED)
    return found


def judge(claim: Claim, name: str, evaluate: Callable[[], Margins], begun: float) -> Finding:
    """Turn margins, or the failure to compute them, into a finding.

    Parameters
    ----------
    claim : Claim
        The statement.
    name : str
        Name of the run or of the case.
    evaluate : function
        Returns the margins.
    begun : float
        Reading of `time.perf_counter` when the check began, in seconds.

    Returns
    -------
    Finding
        Inconclusive, with the error as its reason, where they cannot be computed.
    """
    try:
        margins = evaluate()
        if not isinstance(margins, Margins):
            raise TypeError(f"margins must be Margins, got {margins!r}")
    except INTERRUPTS:
        raise
    except BaseException as error:  # a user's claim may raise anything; the others still run
        return _failed(claim, name, error)
    seconds = time.perf_counter() - begun
    reason = margins.doubt or margins.caveat
    return Finding(claim.id, name, margins.verdict, margins, reason, seconds)


def check_negative(claim: Claim) -> Finding:
    """Check a claim on the instance, or the case, that must violate it.

    Parameters
    ----------
    claim : Claim
        The statement.

    Returns
    -------
    Finding
        A claim that raises is inconclusive, with the error as its reason.

    Examples
    --------
    >>> from breglab.theory import check_negative, find_claims
    >>> (claim,) = find_claims("18")
    >>> check_negative(claim).verdict.value
    'violated'
    """
    try:
        finding = claim.negative_finding()
        if not isinstance(finding, Finding):
            raise TypeError(f"negative_finding must return a Finding, got {finding!r}")
        return finding
    except INTERRUPTS:
        raise
    except BaseException as error:
        return _failed(claim, "negative instance", error)


def _failed(claim: Claim, name: str, error: BaseException) -> Finding:
    return Finding(claim.id, name, Verdict.INCONCLUSIVE, reason=located(error, type(claim)))
