"""Any torch optimizer as a Bregman method: it steps the dual, and the parameters follow."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from breglab.geometry import Functional
from breglab.nn.optim import _frozen, _primal
from breglab.nn.optim._compacted import Compacted
from breglab.nn.optim._params import Group
from breglab.nn.optim._regularized import Regularized
from breglab.nn.regularizers import encode, subgradient


class Bregman(Regularized):
    """A torch optimizer on the dual variable, and the map back to the parameters.

        v     <- inner step on v with the gradients at theta
        theta <- prox_{delta J}(delta v)

    which is (2.8) of Bungert et al. (JMLR 2022) when the inner optimizer is plain SGD. Sparse
    parameters stay zero until their dual has moved by more than lam, so a network that starts
    sparse switches on what it needs.

    Parameters
    ----------
    inner : class
        A `torch.optim.Optimizer`: AdamW, NAdam, RMSprop, Muon, a third party's. Those that scale
        by the size of the parameters, average them, or call the closure more than once are
        refused (Adafactor, Lamb, LARS, ASGD, LBFGS, SparseAdam).
    params : iterable
        Parameters, named parameters, or groups of them. A group may have its own
        ``"regularizer"`` (a functional), ``"delta"``, and any option of the inner optimizer.
    regularizer : Functional, optional
        J: `L1`, `NonNegativeL1`, `GroupL12` and `SparseGroup` (by a layout such as ``"kernels"``,
        or by explicit groups of the flattened parameter), `Nuclear` or `Zero` of
        `breglab.geometry`; `Zero` unless given. Kept in the groups as names and numbers, and
        ``group["lam"]`` may be changed at any time: the dual stays as it is.
    lr : float, optional
        Step size tau in the dual, >= 0; the inner optimizer's default unless given.
    delta : float
        The parameter of the elastic net, > 0. With J = 0 the step in theta is delta * lr.
    nonfinite : {"raise", "skip", "allow"}
        What to do with gradients that hold NaN, inf or numbers whose squares overflow. "raise"
        raises `FloatingPointError`; such numbers never enter the state, but the other entries may
        have moved. "skip" leaves the whole step out and counts it in `skipped`. "allow" does not
        look, and a NaN becomes a NaN of the parameter.
    frozen_steps : int
        m >= 0: after each full step the support is frozen for m steps, in which only the entries
        of the support move, see the notes.
    **options
        Further options of the inner optimizer.

    Attributes
    ----------
    state : dict
        ``state[p]["dual"]`` is v, in float32 or wider; the other entries are the inner
        optimizer's. It is created at the first step with a gradient (or by `dual`), from the
        parameter as it is then: v = theta / delta + p with the shortest p in dJ(theta).
        So theta comes back from v up to the rounding of v; zeros come back as zeros.
    skipped : int
        How many steps were left out.

    Raises
    ------
    TypeError
        If `inner` is no optimizer class, the regulariser none of the above, or a parameter
        neither floating nor complex.
    ValueError
        If there is no parameter, a number is out of range, the regulariser does not fit the shape
        of a parameter, or `inner` cannot act on a dual variable.

    Notes
    -----
    *Weight decay.* The inner optimizer's own would shrink the dual. It is told 0, and
    ``lr * weight_decay * theta`` is taken from the dual before its step (decoupled, as in AdamW).
    For plain SGD this is the same as a gradient of the loss plus weight_decay |theta|^2 / 2; for
    SGD with momentum and for Adam, whose own form would send it through their averages, it is not:
    add the square to the loss if that is wanted. Inner optimizers with a default weight decay
    (AdamW 0.01, Muon 0.1) keep it.

    *Momentum.* ``Bregman(torch.optim.SGD, momentum=beta)`` is torch's heavy ball, with gain
    1 / (1 - beta): b <- beta b + g, v <- v - lr b. `LinBreg` has the paper's.

    *Frozen steps.* Every (m + 1)-th step, the first one included, is a full step. Let S be the
    support after it: the entries with theta != 0, of `GroupL12` those of the groups that are not
    zero. In the m steps that follow, only the entries of S move, values, duals and whatever the
    inner optimizer keeps of them, by the same rule; outside of S theta = 0 and all else rests. An
    entry of S that the prox makes zero stays in S until the next full step. Numbers of a whole
    parameter, as Adam's count of steps in its correction of the moments, go on. Groups whose
    regulariser has no support (`Zero`, `Nuclear`) make full steps only. ``group["frozen_steps"]``
    may be changed (`FrozenStepsSchedule` does) and counts from the next full step on;
    ``group["frozen_left"]`` is how many frozen steps are to come, and ``group["support_change"]``
    how many entries the last full step took in or out, over the size of S. By itself the optimizer
    masks dense gradients; `breglab.nn.sparse_training` does not compute what is masked.

    *The parameters belong to the dual.* Changing them by hand between steps has no effect unless
    their state is forgotten (``optimizer.state.pop(p)``).
    """

    def __init__(
        self,
        inner: type[Optimizer],
        params: Any,
        regularizer: Functional | None = None,
        *,
        lr: float | Tensor | None = None,
        delta: float = 1.0,
        nonfinite: str = "raise",
        frozen_steps: int = 0,
        **options: Any,
    ) -> None:
        entries = {**encode(regularizer), "delta": delta, **_phases(frozen_steps)}
        if lr is not None:
            options["lr"] = lr
        super().__init__(inner, params, entries, options, nonfinite)
        _frozen.check_groups(self.param_groups)

    def _check_numbers(self, group: Group) -> None:
        super()._check_numbers(group)
        if "frozen_steps" in group:
            _frozen.check_group(group)

    def __setstate__(self, state: dict[str, Any]) -> None:
        for group in state["param_groups"]:  # checkpoints of before there were frozen steps
            for key, value in _phases(0).items():
                group.setdefault(key, value)
        super().__setstate__(state)

    def __getstate__(self) -> dict[str, Any]:
        with self.whole():
            groups = [dict(group) for group in self.param_groups]
            return {**super().__getstate__(), "state": self.state.copy(), "param_groups": groups}

    def state_dict(self) -> dict[str, Any]:
        """Return a checkpoint, of whole parameters."""
        with self.whole():
            return super().state_dict()

    def _renew(self) -> None:
        super()._renew()
        if not hasattr(self, "compacted"):
            self.compacted = Compacted(self)

    def whole(self) -> contextlib.AbstractContextManager[None]:
        """Return a context in which groups and state hold whole parameters.

        They do not in the frozen steps of `breglab.nn.sparse_training`.
        """
        return self.compacted.expanded()

    def dual(self, p: Tensor) -> Tensor:
        """Return the dual variable of a parameter, created from the parameter if there is none.

        Parameters
        ----------
        p : Tensor
            One of the optimizer's parameters.

        Raises
        ------
        KeyError
            If it is none of them.
        """
        for index, group in enumerate(self.param_groups):
            if any(p is own for own in group["params"]):
                return self._dual(index, p)
        if self.compacted.stands_for(p):
            with self.whole():
                return self.dual(p)
        raise KeyError(
            "p must be a parameter of the optimizer; of layers that sparse_training has exchanged "
            "ask in `with context.whole():`"
        )

    def _dual(self, index: int, p: Tensor) -> Tensor:
        state = self.state[p]
        if "dual" not in state:
            with torch.set_grad_enabled(self._differentiable):
                theta = _start(p, self._differentiable)
                J, delta = self._functional(index), self.param_groups[index]["delta"]
                state["dual"] = theta / delta + subgradient(J, theta)
        dual: Tensor = state["dual"]
        if dual.shape != p.shape:
            raise ValueError(
                f"the dual of a parameter of shape {tuple(p.shape)} has shape "
                f"{tuple(dual.shape)}: its checkpoint is of another model, or the parameter was "
                "changed; optimizer.state.pop(p) starts it anew"
            )
        return dual

    @torch.no_grad()
    def rewrite(self, index: int) -> None:
        """Write the parameters of a group from their duals, as after a change of lam.

        In a frozen phase those of the support are written, the others are zero.

        Parameters
        ----------
        index : int
            The number of the group, which holds whole parameters (`whole`).
        """
        group, J = self.param_groups[index], self._functional(index)
        params, duals = group["params"], [self._dual(index, p) for p in group["params"]]
        if group["frozen_left"]:
            masks = [self._support(index, p) for p in params]
            _frozen.write(J, params, duals, masks, group["delta"])
        else:
            _primal.write(J, params, duals, group["delta"])

    def _update(self, active: Sequence[Sequence[Tensor]]) -> None:
        masked = [m for i, params in enumerate(active) for m in self._masked(i, params)]
        moved = True  # what an error leaves behind is put back, too
        for one in masked:
            one.begin()
        try:
            moved = self._move(active)
        finally:
            for one in masked:
                one.end(moved)
        if moved:
            for index, params in enumerate(active):
                self._advance(index, params)

    def _move(self, active: Sequence[Sequence[Tensor]]) -> bool:
        """Make the step, as a full one, if the gradients serve; return whether they did."""
        if not self._gradients_serve(active):
            return False
        self._step_by_torch(active)
        return True

    def _masked(self, index: int, params: Sequence[Tensor]) -> list[_frozen.Masked]:
        """Return what has to be masked in a step of a group: nothing in a full one."""
        group, J = self.param_groups[index], self._functional(index)
        if not group["frozen_left"]:
            return []
        found = []
        for p in params:
            if p not in self.compacted:
                self._dual(index, p)
                mask = self._support(index, p)
                found.append(_frozen.Masked(J, group["delta"], p, self.state[p], mask))
        return found

    def _support(self, index: int, p: Tensor) -> Tensor:
        """Return S of a parameter; of one without a gradient so far, what it is now."""
        state = self.state[p]
        if _frozen.SUPPORT not in state:
            state[_frozen.SUPPORT] = _frozen.support(self._functional(index), p)
        mask: Tensor = state[_frozen.SUPPORT]
        return mask

    def _advance(self, index: int, params: Sequence[Tensor]) -> None:
        """Count a step of a group; after a full one, look at the support."""
        group = self.param_groups[index]
        if group["frozen_left"]:
            group["frozen_left"] -= 1
            return
        if not group["frozen_steps"] or not _frozen.has_support(group):
            return
        group["frozen_left"] = group["frozen_steps"]
        for p in group["params"]:
            if p.grad is None:  # its own may have been written anew since the last phase
                self.state.get(p, {}).pop(_frozen.SUPPORT, None)
        changed = total = 0
        for p in params:
            mask = _frozen.support(self._functional(index), p)
            new, size = _frozen.change(self.state[p].get(_frozen.SUPPORT), mask)
            self.state[p][_frozen.SUPPORT] = mask
            changed, total = changed + new, total + size
        group["support_change"] = changed / max(total, 1)

    def _step_by_torch(self, active: Sequence[Sequence[Tensor]]) -> None:
        """Let the inner optimizer step the duals, then write the parameters: two passes."""
        duals = [[self._dual(i, p) for p in params] for i, params in enumerate(active)]
        self._step_duals(active, duals)
        for index, params in enumerate(active):
            J, delta = self._functional(index), self.param_groups[index]["delta"]
            _primal.write(J, params, duals[index], delta, self._differentiable)

    def _step_duals(
        self, active: Sequence[Sequence[Tensor]], duals: Sequence[Sequence[Tensor]]
    ) -> None:
        carriers = []
        for group, params, own in zip(self.param_groups, active, duals, strict=True):
            _decay(group, params, own)
            for p, v in zip(params, own, strict=True):
                v.grad = _gradient_like(v, p.grad)
            carriers.append({v: self.state[p] for p, v in zip(params, own, strict=True)})
        try:
            overrides = [self._overrides(group) for group in self.param_groups]
            self._inner.step(self.param_groups, overrides, carriers)
        finally:
            for v in chain.from_iterable(duals):
                v.grad = None

    def _overrides(self, group: Group) -> dict[str, Any]:
        return {"weight_decay": 0.0} if "weight_decay" in group else {}


def _phases(frozen_steps: int) -> dict[str, Any]:
    """Return the entries of a param group that say which steps are frozen."""
    return {"frozen_steps": frozen_steps, "frozen_left": 0, "support_change": 1.0}


def _start(p: Tensor, differentiable: bool) -> Tensor:
    """Return the parameter in float32, or its complex form, or wider."""
    wide = torch.promote_types(p.dtype, torch.float32)
    return p.clone().to(wide) if differentiable else p.detach().to(wide)


def _gradient_like(v: Tensor, g: Any) -> Tensor:
    """Return the gradient in the dtype and strides of the dual, a copy only if they differ.

    Torch's fused kernels go through both side by side.
    """
    if g.dtype == v.dtype and g.stride() == v.stride():
        return g  # type: ignore[no-any-return]
    return torch.empty_like(v).copy_(g)


def _decay(group: Group, params: Sequence[Tensor], duals: Sequence[Tensor]) -> None:
    """Take lr * weight_decay * theta from the dual."""
    decay = group.get("weight_decay", 0.0)
    if not decay or not params:
        return
    lr = group["lr"]
    for p, v in zip(params, duals, strict=True):
        if isinstance(lr, Tensor):
            v.sub_(p * (lr.to(p.device) * decay))
        else:
            v.add_(p, alpha=-lr * decay)
