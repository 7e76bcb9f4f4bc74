"""What LinBreg and AdaBreg add to `Bregman`: compiled kernels, and torch's fused ones."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from breglab._checks import choice
from breglab.nn.optim import _compiled, _finite, _frozen, _triton
from breglab.nn.optim._batch import Batch, Row, Rule, batches, same
from breglab.nn.optim._chunked import KINDS, Chunked
from breglab.nn.optim._params import Group
from breglab.nn.optim.bregman import Bregman
from breglab.nn.shards import is_sharded

KERNELS = ("auto", "compiled", "torch")
Plan = tuple[list[Batch], list[Tensor]]


class Fused(Bregman, abc.ABC):
    """A Bregman method whose whole step, the map to the parameters included, is one kernel."""

    def __init__(self, *arguments: Any, kernel: str, **options: Any) -> None:
        self._kernel = choice(kernel, "kernel", KERNELS)
        on_gpu = torch.cuda.is_available() and _triton.available()
        if kernel == "compiled" and not (on_gpu or _compiled.available()):
            raise ValueError("kernel='compiled' needs numba: pip install 'breglab[fast]'")
        super().__init__(*arguments, **options)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_kernel": self._kernel}

    def _overrides(self, group: Group) -> dict[str, Any]:
        """Use torch's fused kernels where nothing else is asked for and there are any."""
        own = super()._overrides(group)
        if _leaves_choice(group) and all(map(_has_fused, group["params"])):
            own["fused"] = True
        return own

    def _move(self, active: Sequence[Sequence[Tensor]]) -> bool:
        unchanged = self._unchanged()
        plans = [self._plan(index, params, unchanged) for index, params in enumerate(active)]
        self._known[:] = self.state.values()
        rest = [others for _, others in plans]
        # The kernels see by themselves what is not finite, and leave such entries alone.
        guard = self._nonfinite == "raise"
        if not self._gradients_serve(rest if guard else active):
            return False
        for index, (found, _) in enumerate(plans):
            J, delta = self._functional(index), self.param_groups[index]["delta"]
            for batch in found:
                batch.run(self._rule(index, batch), J, delta, guard)
        if any(rest):
            self._step_by_torch(rest)
        # All is on its way before a GPU is waited for.
        bad = [batch.bad() for found, _ in plans for batch in found] if guard else []
        if any(bad):
            _finite.refuse(type(self).__name__, list(chain.from_iterable(active)))
        return True

    def _masked(self, index: int, params: Sequence[Tensor]) -> list[_frozen.Masked]:
        """Let the kernels mask what they can; return what is left."""
        if not self.param_groups[index]["frozen_left"]:
            for batch in self._plans[index][2][0] if index in self._plans else ():
                batch.masks = ()
            return []
        if self._nonfinite == "skip":  # what is to be skipped is seen before the kernels run
            return super()._masked(index, params)
        found, others = self._plan(index, params, self._unchanged())
        rest = list(others)
        for batch in found:
            masks = [None if p in self.compacted else self._support(index, p) for p in batch.params]
            whole = batch.takes(masks)
            batch.masks = masks if whole else ()
            rest += [] if whole else batch.params
        return super()._masked(index, rest)

    def _plan(self, index: int, params: Sequence[Tensor], unchanged: bool) -> Plan:
        """Return the batches for the kernels and the other parameters, the last ones if valid.

        A step of a small network on a GPU takes little longer than to find out that they are: what
        is asked for every parameter is asked without a loop of Python's. `unchanged` tells that
        the parameters have the dictionaries of state that they had.
        """
        group = self.param_groups[index]
        if not params or not _leaves_choice(group) or _capturing():
            return [], list(params)
        names = self._remembered(group)
        key = group["regularizer"], group["groups"], names
        before, stepped, plan = self._plans.get(index, (None, [], ([], [])))
        if before == key and same(stepped, params):
            held = [self._holds(batch, names, unchanged) for batch in plan[0]]
            if all(held):
                return plan
        found, rest = batches(
            self._functional(index), params, lambda p: self._row(index, p), self._engine
        )
        serving = [batch for batch in found if batch.ready()]
        for batch in serving:
            batch.states = [self.state[p] for p in batch.params]
        rest += chain.from_iterable(batch.params for batch in found if batch not in serving)
        self._plans[index] = key, list(params), (serving, rest)
        return serving, rest

    def _unchanged(self) -> bool:
        """Return whether the parameters have the dictionaries of state that they had."""
        return same(list(self.state.values()), self._known)

    def _holds(self, batch: Batch, names: Sequence[str], unchanged: bool) -> bool:
        """Return whether a batch has the tensors that the state has, and can be stepped."""
        if not unchanged:
            batch.states = [self.state.get(p, {}) for p in batch.params]
        for name, column in zip(names, batch.columns[1:], strict=True):
            if not same([state.get(name) for state in batch.states], column):
                return False
        return batch.refresh()

    def _renew(self) -> None:
        super()._renew()
        self._known: list[dict[str, Any]] = []
        self._plans: dict[int, tuple[Any, list[Tensor], Plan]] = {}

    def _engine(self, kind: int, p: Tensor) -> type[Batch] | None:
        """Return what makes the step of a parameter in one go, None if nothing does."""
        if p.device.type == _triton.DEVICE and self._kernel != "torch" and _triton.available():
            return _triton.Launched
        if p.device.type != "cpu":
            return None
        if self._kernel != "torch" and _compiled.available():
            return _compiled.Compiled
        return Chunked if kind in KINDS else None

    @abc.abstractmethod
    def _row(self, index: int, p: Tensor) -> Row:
        """Return a parameter, its dual and what the rule remembers, created if need be."""

    @abc.abstractmethod
    def _remembered(self, group: Group) -> tuple[str, ...]:
        """Return by which names the state has what is in a row, the dual first."""

    @abc.abstractmethod
    def _rule(self, index: int, batch: Batch) -> Rule:
        """Return the numbers of the step of a batch of a group."""


def _leaves_choice(group: Group) -> bool:
    """Return whether a group asks for none of torch's own ways to make a step."""
    asked = ("foreach", "differentiable", "capturable", "amsgrad")
    return group["fused"] is None and not any(group.get(name) for name in asked)


def _capturing() -> bool:
    """Return whether a CUDA graph is recorded, where torch's kernels have their numbers."""
    return torch.cuda.is_available() and torch.cuda.is_current_stream_capturing()


def _has_fused(p: Tensor) -> bool:
    # Torch's fused SGD knows no DTensors.
    return p.is_floating_point() and p.device.type in ("cpu", "cuda") and not is_sharded(p)


def zeros_like(v: Tensor) -> Tensor:
    """Return zeros for what a rule remembers of a dual variable."""
    return torch.zeros_like(v, memory_format=torch.preserve_format)
