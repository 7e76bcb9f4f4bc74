"""What LinBreg and AdaBreg add to `Bregman`: compiled kernels, and torch's fused ones."""

from __future__ import annotations

import abc
import operator
from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from breglab._checks import choice
from breglab.nn.optim import _compiled, _finite, _frozen
from breglab.nn.optim._batch import Batch, Row, Rule, batches
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
        if kernel == "compiled" and not _compiled.available():
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
        plans = [self._plan(index, params) for index, params in enumerate(active)]
        rest = [others for _, others in plans]
        # The kernels see by themselves what is not finite, and leave such entries alone.
        guard = self._nonfinite == "raise"
        if not self._gradients_serve(rest if guard else active):
            return False
        bad = 0
        for index, (found, _) in enumerate(plans):
            J, delta = self._functional(index), self.param_groups[index]["delta"]
            for batch in found:
                bad += batch.run(self._rule(index, batch), J, delta, guard)
        if any(rest):
            self._step_by_torch(rest)
        if bad and guard:
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
        found, others = self._plan(index, params)
        rest = list(others)
        for batch in found:
            masks = [None if p in self.compacted else self._support(index, p) for p in batch.params]
            whole = batch.takes(masks)
            batch.masks = masks if whole else ()
            rest += [] if whole else batch.params
        return super()._masked(index, rest)

    def _plan(self, index: int, params: Sequence[Tensor]) -> Plan:
        """Return the batches for the kernels and the other parameters, the last ones if valid."""
        group = self.param_groups[index]
        if not params or not _leaves_choice(group):
            return [], list(params)
        key = group["regularizer"], group["groups"]
        known = self._plans.get(index)
        if known is not None and known[0] == key and self._holds(index, *known[1:], params):
            return known[2]
        plan = batches(self._functional(index), params, lambda p: self._row(index, p), self._engine)
        for batch in plan[0]:
            batch.refresh()
        self._plans[index] = key, list(params), plan
        return plan

    def _holds(
        self, index: int, known: Sequence[Tensor], plan: Plan, params: Sequence[Tensor]
    ) -> bool:
        """Return whether a plan for some parameters is still one for these."""
        return _same(known, params) and all(
            all(_same(self._row(index, row[0]), row) for row in batch.rows) and batch.refresh()
            for batch in plan[0]
        )

    def _renew(self) -> None:
        super()._renew()
        self._plans: dict[int, tuple[Any, list[Tensor], Plan]] = {}

    def _engine(self, kind: int, p: Tensor) -> type[Batch] | None:
        """Return what makes the step of a parameter in one go, None if nothing does."""
        if p.device.type != "cpu":
            return None
        if self._kernel != "torch" and _compiled.available():
            return _compiled.Compiled
        return Chunked if kind in KINDS else None

    @abc.abstractmethod
    def _row(self, index: int, p: Tensor) -> Row:
        """Return a parameter, its dual and what the rule remembers, created if need be."""

    @abc.abstractmethod
    def _rule(self, index: int, batch: Batch) -> Rule:
        """Return the numbers of the step of a batch of a group."""


def _leaves_choice(group: Group) -> bool:
    """Return whether a group asks for none of torch's own ways to make a step."""
    asked = ("foreach", "differentiable", "capturable", "amsgrad")
    return group["fused"] is None and not any(group.get(name) for name in asked)


def _has_fused(p: Tensor) -> bool:
    # Torch's fused SGD knows no DTensors.
    return p.is_floating_point() and p.device.type in ("cpu", "cuda") and not is_sharded(p)


def _same(first: Sequence[Tensor], second: Sequence[Tensor]) -> bool:
    return len(first) == len(second) and all(map(operator.is_, first, second))


def zeros_like(v: Tensor) -> Tensor:
    """Return zeros for what a rule remembers of a dual variable."""
    return torch.zeros_like(v, memory_format=torch.preserve_format)
