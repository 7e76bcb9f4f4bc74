"""Sparse training: an ordinary loop whose frozen steps cost what the support costs."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils._pytree import tree_map

from breglab._checks import choice, count, scalar
from breglab.nn.compaction.sharing import hooked, share_hooks
from breglab.nn.optim._compiled import available
from breglab.nn.optim._frozen import SUPPORT, number
from breglab.nn.optim._fused import KERNELS
from breglab.nn.optim.bregman import Bregman
from breglab.nn.sparse.candidates import Candidate, candidates
from breglab.nn.sparse.costs import Costs, costs
from breglab.nn.sparse.layers import FrozenLinear, FullLinear
from breglab.nn.sparse.live_rows import LiveRows
from breglab.nn.sparse.partition import Partition
from breglab.nn.sparse.pattern import SERVED, Pattern
from breglab.nn.sparse.split import whole
from breglab.nn.sparse.stand_in import StandIn

ROWS_PAY = 0.75
"""The share of rows that are alive below which a layer without the others is faster."""


class SparseTraining:
    """A context in which layers cost what their support costs, while it is frozen.

    See `sparse_training`.

    Attributes
    ----------
    layers : tuple of Candidate
        The layers that may become sparse or lose rows, with what they are now.
    dense : dict
        For the names of regularised weights that stay dense, the reason.

    Raises
    ------
    TypeError, ValueError
        If the optimizer is none of this package, or another argument is out of range.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Bregman,
        *,
        break_even: float | None = None,
        batch: int = 128,
        kernel: str = "auto",
    ) -> None:
        if not isinstance(optimizer, Bregman):
            raise TypeError(
                "optimizer must be LinBreg, AdaBreg or Bregman, which have frozen steps, "
                f"got {type(optimizer).__name__}"
            )
        if break_even is not None:
            scalar(break_even, "break_even", low=0.0, high=1.0)
        self.model, self.optimizer = model, optimizer
        self._break_even, self._batch = break_even, count(batch, "batch")
        with optimizer.whole():
            self.layers, self.dense = candidates(model, optimizer)
        self._compiled = _is_compiled(kernel)
        self._hooks: list[Any] = []
        self._ever, self._frozen_steps = False, 0
        self._costs: dict[str, Costs] = {}
        self._written: set[str] = set()

    def __enter__(self) -> SparseTraining:
        if self._hooks:
            raise RuntimeError("sparse_training is in use already: leave it before it is entered")
        taken = self._weights() & self.optimizer.compacted.claimed
        if taken:
            raise RuntimeError(
                f"another sparse_training is in use for {len(taken)} of the optimizer's weights: "
                "leave it before this one is entered"
            )
        if self.dense:
            listed = "; ".join(f"{name} ({why})" for name, why in self.dense.items())
            warnings.warn(f"sparse_training leaves dense: {listed}", stacklevel=2)
        optimizer = self.optimizer
        if not any(group["frozen_steps"] for group in optimizer.param_groups):
            warnings.warn(
                "sparse_training makes nothing sparse while frozen_steps is 0: give the optimizer "
                "frozen_steps >= 1, or set it in its param_groups",
                stacklevel=2,
            )
        inner = self.model.module if isinstance(self.model, DistributedDataParallel) else self.model
        self._hooks = [
            optimizer.register_step_post_hook(lambda *_: self._after_step()),
            optimizer.register_load_state_dict_pre_hook(lambda *_: self._to_dense()),
            optimizer.register_load_state_dict_post_hook(lambda *_: self._advance()),
            inner.register_forward_hook(_ordinary),
        ]
        optimizer.compacted.claimed |= self._weights()
        try:
            self._advance()
        except BaseException:
            self._leave()
            raise
        return self

    def _weights(self) -> set[Tensor]:
        return {layer.linear.weight for layer in self.layers}

    def _leave(self) -> None:
        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        self.optimizer.compacted.claimed -= self._weights()
        self._written = self._waiting()
        self._to_dense()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave()
        if kind is None and self.layers and self._frozen_steps and not self._ever:
            least = ", ".join(
                f"{one.name} {one.density:.3g} (pays below {self._limit(one):.3g})"
                for one in self.layers
            )
            warnings.warn(
                f"sparse_training stayed dense: no density fell below break-even: {least}",
                stacklevel=2,
            )

    @contextlib.contextmanager
    def whole(self) -> Iterator[None]:
        """Return a context in which network and optimizer are the user's own, dense ones."""
        self._to_dense()
        try:
            yield
        finally:
            if self._hooks:
                self._advance()

    def state_dict(self) -> dict[str, Any]:
        """Return the times that were measured, and which layers wait for their next phase.

        A run that goes on with them makes the same layers sparse, and so ends with the same bits.
        """
        costs = {name: list(map(list, one)) for name, one in self._costs.items()}
        return {"costs": costs, "written": sorted(self._waiting())}

    def _waiting(self) -> set[str]:
        """Return whose weights were written since their phase ended, so that they are dense."""
        found = (x for x in self.layers if isinstance(x.current, FullLinear) and x.current.written)
        return self._written | {one.name for one in found}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load what `state_dict` returned.

        Raises
        ------
        TypeError
            If it is something else.
        """
        try:
            found = {name: Costs.of(*one) for name, one in state_dict["costs"].items()}
        except (TypeError, KeyError, AttributeError, IndexError) as error:
            raise TypeError(
                f"state_dict must be of a context of sparse_training, got {state_dict!r}"
            ) from error
        self._to_dense()
        self._costs = found
        self._written = set(state_dict.get("written", ()))
        if self._hooks:
            self._advance()

    def _after_step(self) -> None:
        self._frozen_steps += any(g["frozen_left"] for g in self.optimizer.param_groups)
        self._advance()

    @torch.no_grad()
    def _advance(self) -> None:
        """Make every layer what the next step needs it to be."""
        for layer in self.layers:
            group = self.optimizer.param_groups[layer.group]
            left, m = group["frozen_left"], group["frozen_steps"]
            waits = layer.rows or layer.name in self._written
            if left and not layer.settled:
                self._begin_phase(layer)
            elif not left and layer.settled:
                self._end_phase(layer, m)
            elif not (left or waits) and m and layer.pattern is None:
                self._prepare(layer)
            if left:
                self._written.discard(layer.name)

    def _begin_phase(self, layer: Candidate) -> None:
        """Let a layer whose support is frozen be sparse, if that pays."""
        layer.settled = True
        support = self.optimizer._support(layer.group, layer.linear.weight)
        if layer.rows:
            self._leave_out_rows(layer, support)
            return
        if not self._pays(layer, support):
            self._put(layer, layer.linear)
            layer.pattern = None
            return
        layer.pattern = pattern = Pattern.of(support, self._compiled)
        self._exchange(layer, FrozenLinear(layer.linear, pattern))

    def _leave_out_rows(self, layer: Candidate, support: Tensor) -> None:
        """Let a layer be small if enough of its rows are dead."""
        live = support.flatten(1).any(1)
        layer.density = number(live) / max(len(live), 1)
        if layer.density < self._limit(layer):
            whole_rows = self.optimizer.param_groups[layer.group]["groups"] != "kernels"
            kernels = None if whole_rows else support.flatten(2)[:, :, 0]
            small = LiveRows(layer.linear, Partition.of(live), kernels)
            self._exchange(layer, small)

    def _exchange(self, layer: Candidate, small: StandIn) -> None:
        """Put in what has the entries of the support for its parameter."""
        self._put(layer, small)
        self.optimizer.compacted.enter(layer.linear.weight, small.values, small.places)
        self._average(small.values)
        self._ever = True

    def _end_phase(self, layer: Candidate, m: int) -> None:
        """Give a layer its dense weight back for a full step, whose products may be sparse."""
        layer.settled = False
        current = layer.current
        if not isinstance(current, StandIn):
            return
        self.optimizer.compacted.leave(current.values)
        if isinstance(current, LiveRows):
            self._put(layer, layer.linear)
            return
        assert layer.pattern is not None
        if not m or layer.linear.weight.dtype not in SERVED:
            self._put(layer, layer.linear)
            return
        self._put(layer, FullLinear(layer.linear, layer.pattern, current.values.detach()))

    def _prepare(self, layer: Candidate) -> None:
        """Make the products of a full step sparse that no frozen phase here comes before."""
        state = self.optimizer.state.get(layer.linear.weight, {})
        support = layer.linear.weight != 0
        if SUPPORT in state:
            # After a checkpoint that of the phase before, so that sums have the same order. It is
            # not all if the weight was written since, as by a schedule of lam.
            support |= state[SUPPORT]
        if self._pays(layer, support):
            layer.pattern = Pattern.of(support, self._compiled)
            values = layer.pattern.gather(layer.linear.weight)
            self._put(layer, FullLinear(layer.linear, layer.pattern, values))

    def _pays(self, layer: Candidate, support: Tensor) -> bool:
        layer.density = number(support) / max(support.numel(), 1)
        return layer.linear.weight.dtype in SERVED and layer.density < self._limit(layer)

    def _limit(self, layer: Candidate) -> float:
        """Return the density below which a phase is faster sparse than dense."""
        if hooked(layer.linear):  # registered inside: they want the layer itself
            return 0.0
        if layer.rows:
            return ROWS_PAY
        if self._break_even is not None:
            return self._break_even
        if layer.name not in self._costs:
            weight = layer.linear.weight
            like = weight.dtype, weight.device, self._compiled
            self._costs[layer.name] = costs(*weight.shape, self._batch, *like)
        m = self.optimizer.param_groups[layer.group]["frozen_steps"]
        return self._costs[layer.name].break_even(max(m, 1))

    def _average(self, values: Tensor) -> None:
        """Average the gradients of values over the processes, as DDP does with other ones."""
        if not isinstance(self.model, DistributedDataParallel):
            return
        group = self.model.process_group
        parts = torch.distributed.get_world_size(group)

        def average(p: Tensor) -> None:
            gradient: Any = p.grad
            torch.distributed.all_reduce(gradient.div_(parts), group=group)

        values.register_post_accumulate_grad_hook(average)  # type: ignore[no-untyped-call]

    def _to_dense(self) -> None:
        with torch.no_grad():
            for layer in self.layers:
                current = layer.current
                # An interrupt may have come between the exchange there and here.
                if isinstance(current, StandIn) and current.values in self.optimizer.compacted:
                    self.optimizer.compacted.leave(current.values)
                layer.settled, layer.pattern = False, None
                self._put(layer, layer.linear)

    def _put(self, layer: Candidate, module: nn.Module) -> None:
        module.train(layer.current.training)
        share_hooks(layer.current, module)
        layer.current = module
        layer.parent._modules[layer.own] = module


def _ordinary(model: nn.Module, inputs: Any, out: Any) -> Any:
    return tree_map(whole, out)


def _is_compiled(kernel: str) -> bool:
    if choice(kernel, "kernel", KERNELS) == "compiled" and not available():
        raise ValueError("kernel='compiled' needs numba: pip install 'breglab[fast]'")
    return kernel != "torch" and available()


def sparse_training(
    model: nn.Module,
    optimizer: Bregman,
    *,
    break_even: float | None = None,
    batch: int = 128,
    kernel: str = "auto",
) -> SparseTraining:
    """Return a context in which frozen steps cost what the support costs.

    What frozen steps keep of the theory, and what not, are the claims ``X6`` to ``X6-limit``.

    It goes around the ordinary loop::

        optimizer = LinBreg(groups, lr=0.1, regularizer=None, frozen_steps=50)
        with sparse_training(model, optimizer):
            for x, y in batches:
                optimizer.zero_grad()
                loss(model(x), y).backward()
                optimizer.step()

    In frozen steps (see `breglab.nn.Bregman`) a linear layer whose support is sparse enough is
    exchanged for a `breglab.nn.SparseLinear`, whose parameter is the vector of the values on the
    support; the optimizer steps these, with their duals and moments. In full steps the products
    forward and with the transpose stay sparse and the gradient of the weight is dense. What
    comes out is what the optimizer makes by itself of dense gradients, up to rounding.

    What looks at gradients sees those of the support: clipping by a norm takes the norm of these.
    ``model.parameters()`` is another list in each phase, so ask for it anew. Layers with hooks,
    also of their weight, stay dense; with those registered inside, from the next phase on.
    Gradients of gradients and `torch.vmap` are refused.

    Linear layers and convolutions with `GroupL12` of rows, filters or kernels are exchanged for
    small dense ones, without the dead rows (filters). Layers that read a dead row multiply by what
    it gives, its bias, once for all examples; this goes through activations, pooling, flattening
    and batch norms, and ends where something reads the channels in another way, as dropout in
    training or the sum with another branch, whose result is an ordinary tensor. The layer after it
    then reads all channels.

    Checkpoints, copies and pickles inside of the context are those of the dense network, and
    checkpoints may be loaded inside of it; schedules of lam and of the step size go on as outside.
    After it, and in ``with context.whole():``, network and optimizer are dense.

    Parameters
    ----------
    model : torch.nn.Module
        The network. Under `DistributedDataParallel` it needs ``find_unused_parameters=True``.
    optimizer : Bregman
        `LinBreg`, `AdaBreg` or `Bregman` of parameters of the network, with ``frozen_steps``.
    break_even : float, optional
        The density below which a layer with regularised entries becomes sparse, in [0, 1];
        measured for the shape of each layer, once in a process, unless given. Runs that have to
        repeat bit by bit need a given one, or that of the `state_dict` of the context. Dead rows
        are left out where more than a quarter of all are dead.
    batch : int
        The number of examples that it is measured for.
    kernel : {"auto", "compiled", "torch"}
        "torch" takes torch's CSR products, "compiled" those of numba (extra ``fast``) for layers
        on the CPU, and "auto" these if numba is there.

    Warns
    -----
    UserWarning
        Once at the start for regularised layers that stay dense, with the reasons, and if
        frozen_steps is 0; at the end if no density came below break-even.

    Raises
    ------
    TypeError, ValueError
        If an argument has the wrong type or is out of range.
    RuntimeError
        If another such context is in use for the same weights.
    """
    return SparseTraining(model, optimizer, break_even=break_even, batch=batch, kernel=kernel)


__all__ = ["SparseTraining", "sparse_training"]
