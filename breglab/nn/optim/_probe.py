"""Is what Triton has compiled right? Tried once for each of its kernels, on small tensors."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from breglab.geometry import L1, Functional, NonNegativeL1, SparseGroup
from breglab.nn.optim._batch import GROUPS, NONNEGATIVE, Batch, Row, Rule
from breglab.nn.regularizers import prox

DELTA = 0.75
RULES = {
    1: Rule(0.25, 0.125),
    2: Rule(0.25, 0.125, (0.75,)),
    3: Rule(-0.25, 0.125, (0.75, 0.5), 1e-8),
}
"""By how many tensors are kept for a parameter."""


@functools.cache
def agrees(
    cls: type[Batch],
    kind: int,
    memories: int,
    low: torch.dtype,
    device: torch.device,
    room: int,
) -> bool:
    """Return whether a kernel makes the step of the rule; warn if it does not.

    Parameters
    ----------
    cls : class
        What launches it.
    kind, room : int
        What the regulariser looks at, and the most entries of a group or a run.
    memories : int
        How many tensors are kept for a parameter, the dual included.
    low : dtype
        Of the parameters.
    device : torch.device
        Where.
    """
    try:
        fault = _fault(cls, kind, memories, low, device, room)
    except Exception as error:  # whatever a compiler raises, torch's kernels are there
        fault = f"{type(error).__name__}: {error}".splitlines()[0]
    if fault:
        warnings.warn(
            f"torch's kernels make the step on {device}, in two passes: Triton's failed ({fault})",
            RuntimeWarning,
            stacklevel=2,
        )
    return not fault


def _fault(
    cls: type[Batch],
    kind: int,
    memories: int,
    low: torch.dtype,
    device: torch.device,
    room: int,
) -> str:
    """Make a step and return what is wrong with it, or nothing."""
    J, rows = _functional(kind), _rows(kind, memories, low, device, room)
    before = [[_copy(row[0].grad), *map(_copy, row)] for row in rows]
    rule, batch = RULES[memories], cls(J, kind, rows)
    steps = [torch.full((), k, dtype=torch.float32, device=device) for k in (3.0, 4.0)]
    if memories == 3:
        rule = rule._replace(steps=batch.counted(steps))
    if not batch.refresh():
        return "it cannot follow its own tensors"
    batch.run(rule, J, DELTA, True)
    if (bad := batch.bad()) != 1:
        return f"it finds {bad} gradients that are not finite, of 1"
    if memories == 3 and [float(step) for step in steps] != [4.0, 5.0]:
        return "it counts wrong"
    for k, ((p, *own), (g, theta, *old)) in enumerate(zip(rows, before, strict=True)):
        expected = _moved(rule, k, g, theta, *old)
        names = ("the dual", "the first average", "the second average")
        for name, t, wanted in zip(names, own, expected, strict=False):
            if fault := _difference(name, t, wanted, own[0].dtype):
                return fault
        wanted = DELTA * prox(J, own[0].double())
        if fault := _difference("the parameter", p.detach(), wanted, low):
            return fault
    return ""


def _copy(t: Any) -> Tensor:
    return t.detach().to(torch.float64, copy=True)  # type: ignore[no-any-return]


def _functional(kind: int) -> Functional:
    if kind == GROUPS:
        return SparseGroup("rows", 0.25, 0.75)
    return NonNegativeL1(0.5) if kind == NONNEGATIVE else L1(0.5)


def _rows(
    kind: int, memories: int, low: torch.dtype, device: torch.device, room: int
) -> Sequence[Row]:
    """Return more than a tile's tensors; of the first a gradient is NaN, the second is skew.

    The second lies where no wide load may begin, or its groups leave room.
    """
    generator = torch.Generator().manual_seed(0)
    wide = torch.promote_types(low, torch.float32)
    rows = []
    for skew in (0, 1):
        count = 2 * max(1, 1024 // room) + 1
        shape = (count, room - room // 3 * skew) if kind == GROUPS else (2 * room + 3,)
        size = torch.Size(shape).numel()

        def made(dtype: torch.dtype, shape: Any = shape, size: int = size, skew: int = skew) -> Any:
            values = torch.randn(shape, generator=generator, dtype=torch.float64, device="cpu")
            if len(shape) == 2:  # some groups live and some die
                values *= (torch.arange(shape[0], device="cpu")[:, None] % 8 + 1) / 4
            memory = torch.empty(size + skew, dtype=dtype, device=device)
            return memory[skew:].copy_(values.reshape(-1)).view(shape)

        p = torch.nn.Parameter(made(low))
        p.grad = made(low)
        if not skew:
            p.grad.view(-1)[1] = torch.nan
        own = [made(wide) for _ in range(memories)]
        if memories == 3:
            own[2].abs_()
        rows.append((p, *own))
    return rows


def _moved(
    rule: Rule, k: int, g: Tensor, theta: Tensor, v: Tensor, *memory: Tensor
) -> list[Tensor]:
    """Return what the rule makes of the dual and its averages, where the gradient is finite."""
    new: list[Tensor] = []
    if len(memory) == 2:
        (beta1, beta2), count = rule.betas, float(rule.steps[k])
        g = -g if rule.tau < 0 else g
        new = [
            a + (1 - b) * (x - a) for a, b, x in zip(memory, rule.betas, (g, g * g), strict=True)
        ]
        down = (new[1] / (1 - beta2**count)).sqrt() + rule.eps
        move = abs(rule.tau) / (1 - beta1**count) * new[0] / down
    elif memory:
        (beta,) = rule.betas
        new = [beta * memory[0] + (1 - beta) * rule.tau * g]
        move = new[0]
    else:
        move = rule.tau * g
    new = [v - rule.decay * theta - move, *new]
    finite = g.isfinite()
    return [torch.where(finite, x, old) for x, old in zip(new, (v, *memory), strict=True)]


def _difference(name: str, found: Tensor, wanted: Tensor, dtype: torch.dtype) -> str:
    """Return by how much a tensor is wrong, if it is by more than its dtype's rounding."""
    eps = max(torch.finfo(dtype).eps, torch.finfo(torch.float32).eps * (dtype != torch.float64))
    error = float(((found.double() - wanted).abs() / (1.0 + wanted.abs())).max())
    return "" if error <= 32 * eps else f"{name} is wrong by {error:.1e}"
