"""What all optimizers here share: param groups with a regulariser, and a wrapped optimizer."""

from __future__ import annotations

import abc
import inspect
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from breglab._checks import choice, nonnegative, positive, scalar
from breglab.geometry import Functional
from breglab.nn.optim import _finite
from breglab.nn.optim._inner import Inner, checked_class
from breglab.nn.optim._params import (
    Group,
    check_dense,
    check_parameter,
    parameter_groups,
    tensors_of,
)
from breglab.nn.regularizers import FIELDS, check_fits, decode, encode


class Regularized(Optimizer, abc.ABC):
    """A torch optimizer that wraps another one and applies a regulariser after its steps.

    Param groups hold the wrapped optimizer's hyper-parameters and the regulariser's
    (`breglab.nn.regularizers`), all of them plain numbers and strings that schedulers may change.
    """

    def __init__(
        self,
        inner: type[Optimizer],
        params: Any,
        entries: Mapping[str, Any],
        options: Mapping[str, Any],
        nonfinite: str,
    ) -> None:
        self._cls, self._options = checked_class(inner), dict(options)
        self._nonfinite = choice(nonfinite, "nonfinite", _finite.CHOICES)
        self._renew()
        self.skipped = 0
        groups = parameter_groups(params)
        for p in chain.from_iterable(tensors_of(group["params"]) for group in groups):
            check_parameter(p)
        self._check_numbers({"lr": 0.0, **entries, **options})
        # The groups' own learning rates are checked below, one by one.
        probe = self._inner.construct(
            [{"params": [p.detach() for p in tensors_of(g["params"])]} for g in groups]
        )
        for name in probe.defaults.keys() & entries.keys():
            raise ValueError(
                f"inner must not be {self._cls.__name__}: its option {name} has the name of an "
                "entry of the regulariser in the param groups"
            )
        super().__init__(groups, {**probe.defaults, **entries})
        if nonfinite != "allow" and any(g.get("capturable") for g in self.param_groups):
            raise ValueError(
                f"nonfinite must be 'allow' with capturable=True, got {nonfinite!r}: "
                "a captured step cannot look at its gradients"
            )

    def _renew(self) -> None:
        """Forget the wrapped optimizer; the next step builds it from the groups and the state."""
        self._inner = Inner(self._cls, self._options)
        self._functionals: dict[int, tuple[tuple[Any, ...], Functional]] = {}

    def add_param_group(self, param_group: Group) -> None:
        """Add a group, whose ``"regularizer"`` may be a functional of `breglab.geometry`.

        Parameters
        ----------
        param_group : dict
            ``"params"`` and whatever is to differ from the defaults.

        Raises
        ------
        TypeError
            If a parameter is neither floating nor complex, or the regulariser is none.
        ValueError
            If a number is out of range or the regulariser does not fit the shape of a parameter.
        """
        group = dict(param_group)
        if not isinstance(group.get("regularizer", ""), str):
            group.update(encode(group["regularizer"]))
        own = group["params"]
        group["params"] = [own] if isinstance(own, Tensor) else own
        for p in tensors_of(group["params"]) if isinstance(group["params"], list) else ():
            check_parameter(p)
        super().add_param_group(group)
        added = self.param_groups[-1]
        try:
            self._check_group(added)
        except (TypeError, ValueError):
            self.param_groups.pop()
            raise

    def _check_group(self, group: Group) -> None:
        """Refuse a new group that cannot be stepped; the inner constructor checks its options."""
        self._check_numbers(group)
        J = decode(group)
        for p in group["params"]:
            check_fits(J, p)
        if group["params"]:
            accepted = inspect.signature(self._cls).parameters
            options = {key: value for key, value in group.items() if key in accepted}
            self._cls(
                **{**self._options, **options, "params": [p.detach() for p in group["params"]]}
            )

    def _check_numbers(self, group: Group) -> None:
        """Refuse numbers out of range, which schedulers may bring into a group at any time."""
        if not isinstance(group["lr"], Tensor):
            nonnegative(group["lr"], "lr")
        nonnegative(group.get("weight_decay", 0.0), "weight_decay")
        if "delta" in group:
            positive(group["delta"], "delta")

    def _functional(self, index: int) -> Functional:
        """Return the regulariser of a group, built anew only if its entries have changed."""
        fields = tuple(self.param_groups[index][field] for field in FIELDS)
        known = self._functionals.get(index)
        if known is None or known[0] != fields:
            known = self._functionals[index] = fields, decode(self.param_groups[index])
        return known[1]

    @property
    def _differentiable(self) -> bool:
        return any(group.get("differentiable", False) for group in self.param_groups)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Make one step.

        Parameters
        ----------
        closure : callable, optional
            Evaluates the model, calls ``backward`` and returns the loss.

        Returns
        -------
        The loss that the closure returned, else None.

        Raises
        ------
        FloatingPointError
            If gradients are not finite and ``nonfinite="raise"``.
        RuntimeError
            If a gradient is sparse.
        """
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        active = [[p for p in g["params"] if p.grad is not None] for g in self.param_groups]
        everything = list(chain.from_iterable(active))
        for index, group in enumerate(self.param_groups):
            self._check_numbers(group)
            self._functional(index)
        check_dense(type(self).__name__, everything)
        with torch.set_grad_enabled(self._differentiable):
            if everything:
                self._update(active)
        return loss

    def _gradients_serve(self, active: Sequence[Sequence[Tensor]]) -> bool:
        """Return whether the step can be made; count it, or refuse, if it cannot."""
        everything = list(chain.from_iterable(active))
        if self._nonfinite == "allow" or _finite.all_finite([p.grad for p in everything]):  # type: ignore[misc]
            return True
        if self._nonfinite == "raise":
            _finite.refuse(type(self).__name__, everything)
        self.skipped += 1
        return False

    @abc.abstractmethod
    def _update(self, active: Sequence[Sequence[Tensor]]) -> None:
        """Step the parameters of each group that have a gradient, if the gradients serve."""

    def _overrides(self, group: Group) -> dict[str, Any]:
        """Return what the wrapped optimizer is told instead of what the group says."""
        return {}

    def load_state_dict(self, state_dict: Any) -> None:
        """Load a checkpoint; state that is wider than its parameter stays so.

        Parameters
        ----------
        state_dict : dict
            What `state_dict` returned.

        Raises
        ------
        ValueError
            If it is of an optimizer without such a regulariser; nothing is loaded then.
        """
        final: dict[str, Any] = {}
        # Registered last, so that it sees what the user's own hooks have made of the checkpoint.
        last = self.register_load_state_dict_pre_hook(lambda _, loaded: final.update(loaded))
        self._loading = final
        try:
            super().load_state_dict(state_dict)
        finally:
            last.remove()
            del self._loading

    def __setstate__(self, state: dict[str, Any]) -> None:
        if hasattr(self, "_loading"):
            self._check_entries(state["param_groups"])
        super().__setstate__(state)
        self._renew()
        if hasattr(self, "_loading"):
            self._restore_precision(self._loading)

    def _check_entries(self, groups: Sequence[Group]) -> None:
        """Refuse the groups of a checkpoint of an optimizer without what a step reads here."""
        for name in (*FIELDS, "delta", "lr", "momentum", "betas", "eps"):
            if name in self.defaults and any(name not in group for group in groups):
                raise ValueError(
                    f"state_dict must be of {type(self).__name__}, got param groups without "
                    f"{name!r}, as of another optimizer"
                )

    def _restore_precision(self, loaded: Mapping[str, Any]) -> None:
        """Undo the cast of the state to the dtype of its parameter."""
        ids = chain.from_iterable(group["params"] for group in loaded["param_groups"])
        params = chain.from_iterable(group["params"] for group in self.param_groups)
        for key, p in zip(ids, params, strict=True):
            for name, value in loaded["state"].get(key, {}).items():
                ours = self.state[p][name]
                if isinstance(value, Tensor) and value.dtype != ours.dtype and name != "step":
                    self.state[p][name] = value.to(ours.device, copy=True)

    def __getstate__(self) -> dict[str, Any]:
        own = ("_cls", "_options", "_nonfinite", "skipped")
        return {**super().__getstate__(), **{name: getattr(self, name) for name in own}}


def check_moments(group: Group) -> None:
    """Refuse numbers of Adam that are out of range."""
    betas = group["betas"]
    if not isinstance(betas, tuple | list) or len(betas) != 2:
        raise TypeError(f"betas must be two numbers, got {betas!r}")
    for i, beta in enumerate(betas):
        scalar(beta, f"betas[{i}]", low=0.0, high=1.0, open_high=True)
    positive(group["eps"], "eps")
