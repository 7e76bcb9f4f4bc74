"""The wrapped torch optimizer: which classes may be wrapped, and how they are driven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from breglab.nn.optim._params import Group

REFUSED = {
    "LBFGS": "it evaluates the loss at points of its own, which are no parameters",
    "Adafactor": "it scales its steps by the size of the parameters, which the dual has not",
    "Lamb": "it scales its steps by the size of the parameters, which the dual has not",
    "LAMB": "it scales its steps by the size of the parameters, which the dual has not",
    "LARS": "it scales its steps by the size of the parameters, which the dual has not",
    "ASGD": "its decay and its average are meant for parameters, and the dual is none",
    "SparseAdam": "it takes sparse gradients, and a map back to the parameters is dense",
    "Bregman": "it acts on a dual already",
}
"""Optimizers that cannot act on a dual variable, and why."""

OURS = ("dual", "support")
"""The entries of the state of a parameter that the wrapped optimizer must not see."""


def checked_class(inner: Any) -> type[Optimizer]:
    """Return a class of optimizers that can be wrapped.

    Raises
    ------
    TypeError
        If it is no subclass of `torch.optim.Optimizer`.
    ValueError
        If it cannot act on a dual variable.
    """
    if not isinstance(inner, type) or not issubclass(inner, Optimizer):
        raise TypeError(
            f"inner must be a class of torch optimizers, e.g. torch.optim.AdamW, got {inner!r}"
        )
    for cls in inner.__mro__:
        if cls.__name__ in REFUSED:
            raise ValueError(f"inner must not be {cls.__name__}: {REFUSED[cls.__name__]}")
    return inner


class Inner:
    """A torch optimizer over tensors that stand in for the parameters.

    Its hyper-parameters are those of the outer optimizer's groups, pushed before each step, and
    its state lies in the outer optimizer's state, by reference: nothing here has to be saved.

    Parameters
    ----------
    cls : class
        A torch optimizer.
    options : mapping
        What its constructor is called with, besides the parameters.
    """

    def __init__(self, cls: type[Optimizer], options: Mapping[str, Any]) -> None:
        self._cls, self._options = cls, dict(options)
        self._optimizer: Any = None

    def construct(self, groups: Sequence[Mapping[str, Any]]) -> Optimizer:
        """Return the optimizer over groups of tensors; its constructor checks the options."""
        return self._cls([dict(group) for group in groups], **self._options)

    def step(
        self,
        groups: Sequence[Group],
        overrides: Sequence[Mapping[str, Any]],
        carriers: Sequence[Mapping[Tensor, dict[str, Any]]],
    ) -> None:
        """Let the optimizer step the carriers by their gradients.

        Parameters
        ----------
        groups : sequence of dict
            The outer param groups; entries that the optimizer changes are changed here.
        overrides : sequence of mapping
            For each group, entries that the optimizer sees instead.
        carriers : sequence of mapping
            For each group, the tensors to step and their state, which the optimizer's own entries
            are put into.
        """
        own = [
            {**group, **override, "params": list(tensors)}
            for group, override, tensors in zip(groups, overrides, carriers, strict=True)
        ]
        states = dict(chain.from_iterable(tensors.items() for tensors in carriers))
        if not self._knows(own, states):
            self._build(own, states)
        optimizer = self._optimizer
        for ours, theirs in zip(own, optimizer.param_groups, strict=True):
            theirs.update(ours)
        for carrier, state in states.items():
            optimizer.state[carrier] = _own(state)
        optimizer.step()
        for carrier, state in states.items():
            state.update(optimizer.state[carrier])
        for group, override, ours, theirs in zip(
            groups, overrides, own, optimizer.param_groups, strict=True
        ):
            for key, value in theirs.items():
                if key not in override and value is not ours.get(key, group):
                    group[key] = value

    def _knows(self, groups: Sequence[Group], states: Mapping[Tensor, dict[str, Any]]) -> bool:
        return (
            self._optimizer is not None
            and len(self._optimizer.param_groups) == len(groups)
            and states.keys() <= self._optimizer.state.keys()
        )

    def _build(self, groups: list[Group], states: Mapping[Tensor, dict[str, Any]]) -> None:
        """Construct the optimizer; what it gives to new carriers (Adagrad) becomes their state."""
        known = {} if self._optimizer is None else self._optimizer.state
        self._optimizer = self.construct(groups)
        for carrier, state in states.items():
            for key, value in self._optimizer.state.get(carrier, {}).items():
                state.setdefault(key, value)
        self._optimizer.state.update(known)


def _own(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the optimizer has put there: torch's take an empty state for a new one."""
    return {key: value for key, value in state.items() if key not in OURS}
