"""Parameters that stand in an optimizer by the entries of their support.

In frozen steps (`breglab.nn.optim._frozen`) nothing outside of the support is read or written, so
a parameter, its dual and its moments may be exchanged for their entries on the support. The
optimizer then steps shorter tensors by the rule that it has; a checkpoint, or whoever looks at its
groups, sees the whole ones.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from breglab.nn.optim._frozen import rests


@dataclass(eq=False)
class Held:
    """What is put aside while a parameter is compact.

    Attributes
    ----------
    p : Tensor
        The whole parameter, contiguous.
    values : Tensor
        What stands for it in the optimizer's groups.
    places : Tensor
        The positions of the values in the flattened parameter, of the shape of the values.
    state : dict
        The state of the whole parameter.
    """

    p: Tensor
    values: Tensor
    places: Tensor
    state: dict[str, Any]

    def gather(self, source: Tensor) -> Tensor:
        """Return the entries of a whole tensor."""
        entries = source.detach().reshape(-1).index_select(0, self.places.reshape(-1))
        return entries.reshape(self.values.shape)

    def scatter(self, values: Tensor, into: Tensor) -> None:
        """Write entries into a whole tensor."""
        into.detach().view(-1).scatter_(0, self.places.reshape(-1), values.detach().reshape(-1))

    def shrunk(self) -> dict[str, Any]:
        """Return the state of the values: entries on the support of what is of p's shape."""
        return {
            key: self.gather(value) if rests(key, value, self.p) else value
            for key, value in self.state.items()
        }

    def update(self, compact: dict[str, Any]) -> None:
        """Write parameter and state from what the values and their state have become."""
        self.scatter(self.values, self.p)
        for key, value in compact.items():
            if not rests(key, value, self.values):
                self.state[key] = value
                continue
            if key not in self.state:  # a momentum that was switched on
                self.state[key] = torch.zeros_like(self.p, dtype=value.dtype)
            self.scatter(value, self.state[key])


class Compacted:
    """The compact parameters of an optimizer.

    Parameters
    ----------
    optimizer : Bregman
        Its groups and its state are changed.
    """

    def __init__(self, optimizer: Any) -> None:
        self._optimizer = optimizer
        self._held: dict[Tensor, Held] = {}
        self._open = 0
        self.claimed: set[Tensor] = set()
        """The parameters that may become compact, by whoever has asked for it."""

    def __contains__(self, p: Tensor) -> bool:
        return p in self._held

    def stands_for(self, p: Tensor) -> bool:
        """Return whether values stand for a whole parameter."""
        return any(p is held.p for held in self._held.values())

    def enter(self, p: Tensor, values: Tensor, places: Tensor) -> None:
        """Let values stand for a parameter.

        Parameters
        ----------
        p : Tensor
            A contiguous parameter of the optimizer, in a frozen phase.
        values : Tensor
            Its entries on the support; a layout of groups must mean the same groups in its shape.
        places : Tensor
            Their positions in the flattened parameter, int64, of the shape of the values.
        """
        state = self._optimizer.state
        self._optimizer.dual(p)
        # From here on `leave` puts back whatever an interrupt leaves half done.
        self._held[values] = held = Held(p, values, places, state[p])
        state[values] = held.shrunk()
        self._exchange(p, values)
        del state[p]

    def leave(self, values: Tensor) -> None:
        """Put the whole parameter back, with what its values and their state have become.

        Interrupted, it may be called again.
        """
        held, state = self._held[values], self._optimizer.state
        if values in state:
            held.update(state[values])
        state[held.p] = held.state
        self._exchange(values, held.p)
        state.pop(values, None)
        del self._held[values]

    def _exchange(self, old: Tensor, new: Tensor) -> None:
        for group in self._optimizer.param_groups:
            group["params"] = [new if p is old else p for p in group["params"]]
        old.grad = None
        new.requires_grad_(old.requires_grad)
        # The wrapped optimizer would keep the state of tensors that are gone.
        self._optimizer._renew()

    @contextlib.contextmanager
    def expanded(self) -> Iterator[None]:
        """Show the whole parameters; what is written to them on the support counts afterwards."""
        if self._open or not self._held:
            yield
            return
        optimizer = self._optimizer
        compact = {values: optimizer.state[values] for values in self._held}
        for values, held in self._held.items():
            held.update(compact[values])
        groups = [list(group["params"]) for group in optimizer.param_groups]
        self._open += 1
        try:
            for values, held in self._held.items():
                optimizer.state[held.p] = held.state
                del optimizer.state[values]
            for group in optimizer.param_groups:
                group["params"] = [self._whole(p) for p in group["params"]]
            yield
        finally:
            for group, params in zip(optimizer.param_groups, groups, strict=True):
                group["params"] = params
            for values, held in self._held.items():
                held.state = optimizer.state.pop(held.p, held.state)
                optimizer.state[values] = self._refreshed(compact[values], held)
            self._open -= 1

    def _whole(self, p: Tensor) -> Tensor:
        return self._held[p].p if p in self._held else p

    @torch.no_grad()
    def _refreshed(self, compact: dict[str, Any], held: Held) -> dict[str, Any]:
        """Return the state of the values, in the tensors that it had."""
        held.values.copy_(held.gather(held.p))
        for key, value in held.shrunk().items():
            if rests(key, value, held.values) and key in compact:
                compact[key].copy_(value)
            else:
                compact[key] = value
        return compact
