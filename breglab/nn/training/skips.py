"""Steps that are left out because their gradients are not finite."""

from __future__ import annotations

from torch.optim import Optimizer

from breglab.nn.training.config import Config

MOST_IN_A_ROW = 100
"""Nothing moves in a step that is left out: after so many batches there will be no other one."""


class Skips:
    """Counts the steps that ``nonfinite="skip"`` leaves out, over a whole run.

    Parameters
    ----------
    config : Config
        Of the run; without that option nothing is left out.
    optimizer : Optimizer
        Its optimizer.

    Attributes
    ----------
    allowed : bool
        Whether steps may be left out.
    total, row : int
        All that were, and those since the last step that was made.
    """

    def __init__(self, config: Config, optimizer: Optimizer) -> None:
        self.allowed = config.optimizer.options.get("nonfinite") == "skip"
        self._optimizer, self._seen = optimizer, 0
        self.total = self.row = 0

    def look(self) -> None:
        """Look whether the step that was due has been made.

        Raises
        ------
        FloatingPointError
            If the last `MOST_IN_A_ROW` steps were left out.
        """
        if not self.allowed:
            return
        seen: int = self._optimizer.skipped  # type: ignore[attr-defined]
        missed, self._seen = seen - self._seen, seen
        self.total, self.row = self.total + missed, self.row + 1 if missed else 0
        if self.row >= MOST_IN_A_ROW:
            raise FloatingPointError(
                f"the gradients of {self.row} batches in a row hold NaN, inf or numbers whose "
                "squares overflow, and without a step they will go on to: lower optimizer.lr or "
                "clip the gradients by training.clip, in a new folder"
            )

    def figures(self) -> dict[str, float]:
        """Return what is recorded, nothing where no step may be left out."""
        return {"skipped": float(self.total)} if self.allowed else {}

    def state(self) -> list[int]:
        """Return what `restore` reads."""
        return [self.total, self.row]

    def restore(self, state: list[int]) -> None:
        """Go on counting."""
        self.total, self.row = state
