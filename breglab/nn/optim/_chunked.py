"""The step where nothing is compiled: torch's kernels, chunk by chunk.

The look at the gradient, the step of the dual and the map to the parameter are three passes. They
are made over chunks that fit the cache, so that memory is read once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from breglab.geometry import Functional
from breglab.nn.optim import _primal
from breglab.nn.optim._batch import ENTRIES, NONNEGATIVE, Batch, Rule

KINDS = (ENTRIES, NONNEGATIVE)
CHUNK = 1 << 20
"""Entries: four tensors of 4 MiB lie in a third-level cache, and few calls do for a network."""


class Chunked(Batch):
    """A batch whose regulariser looks at entries, on the CPU."""

    def run(self, rule: Rule, J: Functional, delta: float, guard: bool) -> None:
        """Step; count chunks that had a gradient that was not finite."""
        self._bad = 0
        steps: Sequence[Any] = rule.steps or [None] * len(self.params)
        for (p, *state), step in zip(self.rows, steps, strict=True):
            for part, g, dual, *memory in _chunks(p.detach(), p.grad, *state):
                if guard and not math.isfinite(torch.linalg.vector_norm(g)):
                    self._bad += 1
                    continue
                if rule.decay:
                    dual.sub_(part, alpha=rule.decay)
                _move(rule, dual, g, memory, step)
                _primal.write(J, [part], [dual], delta)


def _chunks(*tensors: Any) -> Iterator[tuple[Tensor, ...]]:
    """Cut the memory of dense tensors that are laid out alike."""
    n = tensors[0].numel()
    if n <= CHUNK:
        return iter([tensors])
    return zip(*(t.as_strided((n,), (1,)).split(CHUNK) for t in tensors), strict=True)


def _move(rule: Rule, v: Tensor, g: Tensor, memory: list[Tensor], step: Any) -> None:
    """Step a dual by its gradient."""
    if len(rule.betas) == 2:
        (beta1, beta2), (first, second) = rule.betas, memory
        torch._fused_adam_(
            [v],
            [g],
            [first],
            [second],
            [],
            [step],
            lr=abs(rule.tau),
            beta1=beta1,
            beta2=beta2,
            weight_decay=0.0,
            eps=rule.eps,
            amsgrad=False,
            maximize=rule.tau < 0,
        )
    elif rule.betas:
        (beta,) = rule.betas
        v.sub_(memory[0].mul_(beta).add_(g, alpha=rule.tau * (1.0 - beta)))
    else:
        v.sub_(g, alpha=rule.tau)
