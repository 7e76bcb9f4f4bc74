"""Statements: claims that are not about a run, such as closed forms and arithmetic."""

from __future__ import annotations

import abc
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from breglab.theory.claim import Claim, Finding, Hypothesis, judge
from breglab.theory.instance import Instance, Run
from breglab.theory.margins import Margins
from breglab.theory.verdict import Verdict

NEGATIVE_CASE = "negative case"
"""Name of a negative case that is not among the cases."""
NO_RUN = Hypothesis("the statement is about no run", lambda run: False)


class Statement(Claim):
    """A claim that is evaluated on named cases of its own in the place of runs.

    A case is whatever `evaluate` takes: numbers, matrices, a function. The negative case goes
    through the same `evaluate`, so that a statement that cannot fail is found out.

    Attributes
    ----------
    negative_title : str
        What is broken in the negative case, in a few words; it is its title.
    counterexample : str
        Of a statement that is false: the name under which `cases` has its negative case, which is
        its own counterexample; empty where it is not among them. A true one does not read it.
    """

    negative_title: ClassVar[str] = ""
    counterexample: ClassVar[str] = ""
    on_common: ClassVar[bool] = False
    hypotheses: ClassVar[tuple[Hypothesis, ...]] = (NO_RUN,)

    @abc.abstractmethod
    def cases(self) -> Mapping[str, Any]:
        """Return the cases by their names."""

    @abc.abstractmethod
    def negative_case(self) -> Any:
        """Return a case on which the statement must come out violated.

        For a true statement it is a faulty variant; for one that is false as printed it is the
        counterexample.
        """

    @abc.abstractmethod
    def evaluate(self, case: Any) -> Margins:
        """Return the margins of the statement on a case."""

    def findings(self) -> tuple[Finding, ...]:
        """Return one finding for each case."""
        return tuple(self._judge(name, case) for name, case in self.cases().items())

    def negative_finding(self) -> Finding:
        """Return the finding on the negative case."""
        false = self.expected is Verdict.VIOLATED
        name = self.counterexample if false and self.counterexample else NEGATIVE_CASE
        return self._judge(name, self.negative_case())

    def margins(self, run: Run) -> Margins:
        """Refuse: a statement has no margins on a run."""
        raise TypeError(f"claim {self.id} is about no run, got {run.instance.name!r}")

    def negative_instance(self) -> Instance:
        """Refuse: a statement has a negative case."""
        raise TypeError(f"claim {self.id} is about no run; see negative_case")

    def _judge(self, name: str, case: Any) -> Finding:
        return judge(self, name, lambda: self.evaluate(case), time.perf_counter())
