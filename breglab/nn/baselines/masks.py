"""Weights that are held at zero while an optimizer trains the others."""

from __future__ import annotations

import abc
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from breglab.nn.optim.bregman import Bregman
from breglab.nn.weights import weights_of


class Masked(abc.ABC):
    """A controller that holds some weights at zero, and changes which.

    Masked weights and what the optimizer keeps of them (momenta, second moments) are zero after
    each `step`, so that the others move as if the masked ones did not exist.

    Parameters
    ----------
    optimizer : Optimizer
        One that steps the parameters themselves.
    model : Module
        Its network.
    total_steps : int
        How many steps the optimizer will make.

    Attributes
    ----------
    masks : dict
        From the names of weights to masks of their shapes; those without a mask are free.
    count : int
        How many steps have been made.

    Raises
    ------
    TypeError
        If the optimizer has a dual variable, from which it would write the weights anew.
    """

    def __init__(self, optimizer: Optimizer, model: nn.Module, total_steps: int) -> None:
        if isinstance(optimizer, Bregman):
            raise TypeError(
                "optimizer must step the parameters themselves to be masked, got "
                f"{type(optimizer).__name__}, whose dual variable would bring them back"
            )
        self.optimizer, self.model, self.total_steps = optimizer, model, total_steps
        self.weights = {entry.name: entry.parameter for entry in weights_of(model)}
        self.masks: dict[str, Tensor] = {}
        self.count = 0

    @torch.no_grad()
    def step(self) -> None:
        """Change the masks if it is time to, and apply them; call it after the optimizer's."""
        self.count += 1
        self.apply()  # what the optimizer has moved must be zero before anything is ranked
        if self._change():
            self.apply()

    @abc.abstractmethod
    def _change(self) -> bool:
        """Change `masks` if the step `count` asks for it; return whether it did."""

    @torch.no_grad()
    def apply(self) -> None:
        """Set masked weights to zero, and what the optimizer keeps of them."""
        for name, mask in self.masks.items():
            p = self.weights[name]
            p.mul_(mask)
            for value in self.optimizer.state.get(p, {}).values():
                if isinstance(value, Tensor) and value.shape == p.shape:
                    value.mul_(mask)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint needs."""
        return {"count": self.count, "masks": {k: mask.clone() for k, mask in self.masks.items()}}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on with what `state_dict` returned.

        Parameters
        ----------
        state_dict : dict
            Of a controller of the same network.

        Raises
        ------
        ValueError
            If it has masks of weights that the network does not have.
        """
        for name, mask in state_dict["masks"].items():
            if name not in self.weights or mask.shape != self.weights[name].shape:
                raise ValueError(f"state_dict must be of the same network, got a mask of {name!r}")
        self.count = state_dict["count"]
        self.masks = {
            name: mask.to(self.weights[name].device) for name, mask in state_dict["masks"].items()
        }
