"""What all schedules of lam share: the groups that they steer, by which factor, and their state."""

from __future__ import annotations

import abc
import contextlib
import operator
from collections.abc import Sequence
from typing import Any

from torch.optim import Optimizer

from breglab._checks import choice, nonnegative
from breglab.nn.regularizers import LAMS

Groups = int | str | Sequence[int | str] | None


class LambdaSchedule(abc.ABC):
    """A schedule that multiplies J by a factor and leaves the dual variable alone.

    A param group that starts with J has factor * J after each step: its ``"lam"``, and for
    `SparseGroup` its ``"lam_group"`` with it, is the factor times what it was at the start.

    Parameters
    ----------
    optimizer : Optimizer
        One of `breglab.nn`, with ``"lam"`` in its param groups.
    groups : int, str, or a sequence of them, optional
        The param groups to steer, by number or by their entry ``"name"``; all that are
        regularised unless given.
    scope : {"global", "group"}
        Whether all groups have one common factor or each its own. Groups of single layers come
        from ``sparse_parameter_groups(..., split=True)``.

    Attributes
    ----------
    factors : list of float
        The factor of each steered group.

    Raises
    ------
    TypeError
        If the optimizer is none, or has no regulariser in its groups.
    ValueError
        If there is no such group, it has no lam > 0, or the scope is unknown.
    """

    def __init__(self, optimizer: Optimizer, groups: Groups, scope: str) -> None:
        self.optimizer = optimizer
        self.scope = choice(scope, "scope", ("global", "group"))
        self.steered = _chosen(_regularized(optimizer), groups)
        self.factors = [1.0] * len(self.steered)
        self._done = 0  # calls of `step`, in schedules that count them
        self._start = [
            {key: nonnegative(group[key], key) for key in LAMS} for group in self._groups()
        ]

    def _groups(self) -> list[dict[str, Any]]:
        # Looked up anew each time: loading a checkpoint replaces the groups of an optimizer.
        return [self.optimizer.param_groups[index] for index in self.steered]

    def _whole(self) -> contextlib.AbstractContextManager[None]:
        """Return a context in which the groups hold whole parameters, in frozen steps too."""
        whole: Any = getattr(self.optimizer, "whole", contextlib.nullcontext)
        return whole()  # type: ignore[no-any-return]

    def _cells(self) -> list[list[int]]:
        """Return which of the steered groups have a factor in common."""
        each = list(range(len(self.steered)))
        return [each] if self.scope == "global" else [[i] for i in each]

    @abc.abstractmethod
    def step(self) -> None:
        """Set lam for the steps that follow."""

    def _set(self, members: Sequence[int], factor: float) -> None:
        """Multiply what J was at the start by a factor, for some of the steered groups."""
        groups = self._groups()
        for i in members:
            self.factors[i] = factor
            groups[i].update({key: factor * start for key, start in self._start[i].items()})

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint needs: plain numbers in lists and dicts."""
        start = [dict(start) for start in self._start]
        return {"factors": list(self.factors), "start": start, "done": self._done}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Load what `state_dict` returned, and set lam of the optimizer's groups to it.

        Parameters
        ----------
        state_dict : dict
            Of a schedule that steers as many groups.

        Raises
        ------
        ValueError
            If it steers another number of groups.
        """
        if len(state_dict["factors"]) != len(self.factors):
            raise ValueError(
                f"state_dict must be of a schedule of {len(self.factors)} groups, "
                f"got one of {len(state_dict['factors'])}"
            )
        self._start = [dict(start) for start in state_dict["start"]]
        self._done = state_dict.get("done", 0)
        for i, factor in enumerate(state_dict["factors"]):
            self._set([i], factor)


def _regularized(optimizer: Optimizer) -> list[dict[str, Any]]:
    # By its groups and not by its class: other libraries wrap optimizers.
    param_groups: list[dict[str, Any]] = getattr(optimizer, "param_groups", [{}])
    if any("lam" not in group for group in param_groups):
        raise TypeError(
            "optimizer must have a regulariser in its groups, e.g. LinBreg or AdaBreg, "
            f"got {type(optimizer).__name__}"
        )
    return param_groups


def _chosen(param_groups: Sequence[dict[str, Any]], groups: Groups) -> list[int]:
    """Return the numbers of the groups to steer."""
    everything = range(len(param_groups))
    if groups is None:
        chosen = [i for i in everything if param_groups[i]["regularizer"] != "Zero"]
    else:
        several = isinstance(groups, Sequence) and not isinstance(groups, str)
        wanted: Any = groups if several else [groups]
        if not wanted:
            raise ValueError(f"groups must be at least one, or None for all, got {groups!r}")
        chosen = [i for w in wanted for i in _numbers(param_groups, w)]
    for i in chosen:
        if not param_groups[i]["lam"] > 0:
            raise ValueError(f"groups must have lam > 0, got {param_groups[i]['lam']!r} in {i}")
    if not chosen:
        raise ValueError("groups must be at least one with a regulariser, all groups are free")
    return list(dict.fromkeys(chosen))


def _numbers(param_groups: Sequence[dict[str, Any]], wanted: int | str) -> list[int]:
    names = [group.get("name") for group in param_groups]
    if isinstance(wanted, str):
        found = [i for i, name in enumerate(names) if name == wanted]
    else:
        # Integers of NumPy as well.
        number = operator.index(wanted) if hasattr(wanted, "__index__") else -1
        found = [number] if 0 <= number < len(names) and not isinstance(wanted, bool) else []
    if not found:
        raise ValueError(
            f"groups must be numbers below {len(names)} or among the names {names}, got {wanted!r}"
        )
    return found
