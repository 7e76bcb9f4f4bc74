"""What stands for a claim that could not be made, so that the others are checked."""

from __future__ import annotations

from typing import NoReturn

from breglab.theory.claim import Claim, Finding
from breglab.theory.instance import Instance, Run
from breglab.theory.margins import Margins
from breglab.theory.verdict import Verdict

_WHERE = "loading"


class BrokenClaim(Claim):
    """A class of a user, or a file with all of its classes, that is no claim: inconclusive.

    Parameters
    ----------
    id : str
        Its own if it has one that can be used, else the name of the class or of the file.
    reference : str
        What the command line calls it.
    reason : str
        What is wrong with it, in a sentence.
    """

    on_common = False

    def __init__(self, id: str, reference: str, reason: str) -> None:
        vars(self).update(id=id, title="A claim that could not be loaded", reference=reference)
        self._reason = reason

    def margins(self, run: Run) -> Margins:
        """Raise what is wrong."""
        self._refuse()

    def negative_instance(self) -> Instance:
        """Raise what is wrong."""
        self._refuse()

    def findings(self) -> tuple[Finding, ...]:
        """Return what is wrong as the only finding."""
        return (Finding(self.id, _WHERE, Verdict.INCONCLUSIVE, reason=self._reason),)

    def negative_finding(self) -> Finding:
        """Return that there was none."""
        return Finding(self.id, _WHERE, Verdict.INCONCLUSIVE, reason="there is nothing to check")

    def _refuse(self) -> NoReturn:
        raise ValueError(self._reason)
