"""Parameters that one call of a kernel steps: what all kernels of LinBreg and AdaBreg share."""

from __future__ import annotations

import abc
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from breglab.geometry import L1, Functional, GroupL12, NonNegativeL1, SparseGroup, Zero
from breglab.nn.regularizers import view_of

# Numba keeps compiled code by the date of _kernels.py: touch that file if numbers change here.
ENTRIES, NONNEGATIVE, GROUPS, COLUMNS = range(4)
"""What a regulariser looks at: entries, positive entries, runs of entries, columns of a matrix."""

SIZE, DUAL, GRAD, PARAM, FIRST, SECOND, GROUP, ROWS, MASK = range(9)
"""Columns of the table of a compiled kernel: entries, addresses, entries of a group, rows, and
the address of a mask, 0 without one."""

PLAIN = (Tensor, torch.nn.Parameter)
DTYPES = (torch.float32, torch.float64)
Row = tuple[Tensor, ...]
"""A parameter, its dual, and what the rule remembers of it."""


class Rule(NamedTuple):
    """The numbers of a step of the dual.

    Attributes
    ----------
    tau : float
        Step size, negative for ascent.
    decay : float
        lr * weight_decay.
    betas : tuple of float
        None for the gradient itself, (beta,) for the paper's momentum, (beta1, beta2) for Adam.
    eps : float
        Adam's.
    steps : sequence of Tensor
        Adam's counts of each parameter, this step included.
    """

    tau: float
    decay: float
    betas: tuple[float, ...] = ()
    eps: float = 0.0
    steps: Sequence[Tensor] = ()


class Batch(abc.ABC):
    """Parameters of one group on the CPU, of one kind and dtype, and the kernel that steps them.

    Attributes
    ----------
    rows : list of tuple of Tensor
        Each parameter, its dual, and what the rule remembers of it.
    params : list of Tensor
        The parameters alone.
    kind : int
        ENTRIES, NONNEGATIVE, GROUPS or COLUMNS.
    masks : sequence of Tensor or None
        For each parameter the entries that may move in a frozen step, where only some may; empty
        in a full step.
    """

    masks: Sequence[Tensor | None] = ()

    def __init__(self, J: Functional, kind: int, rows: Sequence[Row]) -> None:
        self.rows, self.params, self.kind = list(rows), [row[0] for row in rows], kind
        self._looks = [(p.dtype, p.shape, p.stride()) for p in self.params]

    def refresh(self) -> bool:
        """Follow tensors that may have been exchanged; return whether the kernel still can.

        A kernel takes the memory of a gradient for that of the parameter as it was at first.
        """
        return all(
            type(g) is Tensor
            and g.is_cpu
            and p.is_cpu
            and g.dtype is dtype is p.dtype
            and g.shape == shape == p.shape
            and g.stride() == stride == p.stride()
            for (g, p), (dtype, shape, stride) in zip(
                ((p.grad, p) for p in self.params), self._looks, strict=True
            )
        )

    def takes(self, masks: Sequence[Tensor | None]) -> bool:
        """Return whether the kernel can make a frozen step with these masks."""
        return False

    @abc.abstractmethod
    def run(self, rule: Rule, J: Functional, delta: float, guard: bool) -> int:
        """Step the duals and write the parameters.

        Parameters
        ----------
        rule : Rule
            The step.
        J, delta
            The regulariser of all parameters, and the parameter of the elastic net.
        guard : bool
            Whether what has a gradient that is not finite is left alone.

        Returns
        -------
        int
            0 if all gradients were finite, at least if guarded.
        """


def batches(
    J: Functional,
    params: Sequence[Tensor],
    row: Callable[[Tensor], Row],
    engine: Callable[[int, Tensor], type[Batch] | None],
) -> tuple[list[Batch], list[Tensor]]:
    """Return batches of the parameters that kernels can step, and the other parameters.

    Parameters
    ----------
    J : Functional
        The regulariser of all of them.
    params : sequence of Tensor
        Parameters with gradients.
    row : callable
        Gives the row of a parameter; a checkpoint may have brought other dtypes and strides.
    engine : callable
        Gives the class of the batch for a kind and a parameter, None if there is no kernel.
    """
    alike: dict[Any, list[Row]] = defaultdict(list)
    rest = []
    for p in params:
        kind = _kind(J, p)
        cls = None if kind is None or not _fits(p, kind) else engine(kind, p)
        if cls is None or not _alike(*(own := row(p))):
            rest.append(p)
        else:
            alike[cls, kind, p.dtype, p.device].append(own)
    return [cls(J, kind, rows) for (cls, kind, *_), rows in alike.items()], rest


def _kind(J: Functional, p: Tensor) -> int | None:
    """Return what a regulariser looks at in the memory of a tensor, None if nothing simple."""
    if isinstance(J, L1 | Zero):
        return ENTRIES
    if isinstance(J, NonNegativeL1):
        return NONNEGATIVE
    if not isinstance(J, GroupL12 | SparseGroup) or J.layout is None:
        return None
    view = view_of(J, p)
    if view.contiguous:
        return GROUPS
    return COLUMNS if view.axes == (0,) else None


def _alike(p: Tensor, *tensors: Any) -> bool:
    """Return whether the memory of plain tensors is laid out like that of a parameter."""
    look = p.dtype, p.device, p.shape, p.stride()
    return all(
        type(t) is Tensor and (t.dtype, t.device, t.shape, t.stride()) == look for t in tensors
    )


def _fits(p: Tensor, kind: int) -> bool:
    """Return whether kernels may go through the memory of a parameter and its gradient."""
    dense = p.is_contiguous() or (
        kind in (ENTRIES, NONNEGATIVE)
        and p.ndim == 4
        and p.is_contiguous(memory_format=torch.channels_last)
    )
    return type(p) in PLAIN and p.dtype in DTYPES and p.numel() > 0 and dense and _alike(p, p.grad)
