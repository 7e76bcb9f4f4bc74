"""What a run has done so far: its last states, and the samples that become its trace."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import array_api_compat
import numpy as np
import numpy.typing as npt

from breglab._checks import Array
from breglab.geometry import MirrorMap
from breglab.iteration.recording import QUANTITIES, Moment
from breglab.iteration.rules import State
from breglab.iteration.status import Status
from breglab.iteration.trace import Trace
from breglab.problems import Loss


class Recorder:
    """Collects quantities in their own library and moves them to NumPy once, at the end.

    Attributes
    ----------
    state, previous : State
        The current iterate and the one before it; `previous` is None at k = 0.
    samples : list
        Pairs of k and the values of the quantities, in the order of their names.
    """

    def __init__(
        self,
        first: State,
        names: tuple[str, ...],
        loss: Loss,
        phi: MirrorMap,
        reference: Array | None,
    ) -> None:
        self.state = first
        self.previous: State | None = None
        self.names, self.loss, self.phi, self.reference = names, loss, phi, reference
        self.samples: list[tuple[int, list[Any]]] = []
        self.begun = time.perf_counter()

    def move(self, state: State) -> None:
        """Make `state` the current iterate."""
        self.previous, self.state = self.state, state

    def add(self) -> None:
        """Sample the current iterate."""
        values: list[Any] = []
        if self.names:
            moment = Moment(self.state, self.previous, self.loss, self.phi, self.reference)
            values = [self._value(name, moment) for name in self.names]
        # One append: an interrupt leaves whole samples only.
        self.samples.append((self.state.k, values))

    def complete(self) -> None:
        """Sample the current iterate unless that is done."""
        if not self.samples or self.samples[-1][0] != self.state.k:
            self.add()

    def trace(self, status: Status, meta: Mapping[str, Any]) -> Trace:
        """Return all samples, with the current iterate as the last one."""
        k = np.asarray([k for k, _ in self.samples], dtype=np.int64)
        columns = {
            name: np.stack([_numpy(values[i]) for _, values in self.samples])
            for i, name in enumerate(self.names)
        }
        return Trace(k, columns, status, _numpy(self.state.theta), _numpy(self.state.v), meta)

    def _value(self, name: str, moment: Moment) -> Any:
        if name == "seconds":
            return time.perf_counter() - self.begun
        return QUANTITIES[name](moment)


def _numpy(x: Any) -> npt.NDArray[Any]:
    if array_api_compat.is_torch_array(x):
        x = x.detach().cpu().numpy()
    return np.array(x)
