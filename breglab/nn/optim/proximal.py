"""Proximal gradient methods, the baselines: the step is made in the parameters themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from breglab.geometry import Functional
from breglab.nn.optim._params import Group
from breglab.nn.optim._regularized import Regularized, check_moments
from breglab.nn.optim._scaled import check_scaled, scaled_prox
from breglab.nn.regularizers import decode, encode, prox


class _Proximal(Regularized):
    """Torch's step on the parameters, then the prox of lr J in place."""

    def _update(self, active: Sequence[Sequence[Tensor]]) -> None:
        if not self._gradients_serve(active):
            return
        overrides = [self._overrides(group) for group in self.param_groups]
        carriers = [{p: self.state[p] for p in params} for params in active]
        self._inner.step(self.param_groups, overrides, carriers)
        for index, params in enumerate(active):
            J, group = self._functional(index), self.param_groups[index]
            for p in params:
                if group["lr"]:  # the prox of 0 * J is the identity
                    x = p.clone() if self._differentiable else p
                    p.copy_(self._shrunk(J, x, group, self.state[p]))

    def _shrunk(self, J: Functional, x: Tensor, group: Group, state: dict[str, Any]) -> Tensor:
        """Return the prox of a tensor that has made its step."""
        return prox(J, x, group["lr"])


class ProxSGD(_Proximal):
    """Proximal stochastic gradient descent.

        theta <- prox_{lr J}(theta - lr g(theta))

    with the threshold lr * lam: the ProxGD of Bungert et al. (JMLR 2022). It penalises, while
    `LinBreg` follows the path of regularisation; here the weights that survive are shrunk.

    Parameters
    ----------
    params : iterable
        Parameters, named parameters, or groups of them, as in `Bregman`.
    lr : float
        Step size, >= 0.
    regularizer : Functional
        J, as in `Bregman`; None is `Zero`.
    momentum, dampening, weight_decay, nesterov, maximize, foreach, differentiable, fused
        As in `torch.optim.SGD`: b <- momentum b + g + weight_decay theta takes the place of g.
    nonfinite : {"raise", "skip", "allow"}
        As in `Bregman`; nothing has moved when it raises.

    Raises
    ------
    TypeError, ValueError
        As in `Bregman`.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor,
        regularizer: Functional | None,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        nonfinite: str = "raise",
        **options: Any,
    ) -> None:
        own = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
        }
        entries = encode(regularizer)
        super().__init__(torch.optim.SGD, params, entries, {**own, **options}, nonfinite)


class ProxAdam(_Proximal):
    """Proximal Adam: Adam's step, then the prox in Adam's own metric.

        theta <- argmin_u lr J(u) + sum_i d_i (u_i - y_i)^2 / 2,   y = theta - lr m_hat / d,

    with d = sqrt(s_hat) + eps. For the l1 norm the threshold of entry i is lr lam / d_i; for
    groups the minimiser is found by Newton's method for the norm of each group. (A prox with the
    threshold lr * lam, without d, is no descent method for Adam's directions.) See Yun, Lozano and
    Yang, Adaptive proximal gradient methods for structured neural networks, NeurIPS 2021.

    Parameters
    ----------
    params : iterable
        Parameters, named parameters, or groups of them, as in `Bregman`.
    lr : float
        Step size, >= 0.
    regularizer : Functional
        J, as in `Bregman`, but `Nuclear` and explicit groups, whose scaled prox has no such form.
    betas, eps, weight_decay, amsgrad, maximize, foreach, capturable, differentiable, fused
        As in `torch.optim.Adam` (weight_decay * theta is added to the gradient).
    nonfinite : {"raise", "skip", "allow"}
        As in `Bregman`; nothing has moved when it raises.

    Raises
    ------
    TypeError, ValueError
        As in `Bregman`.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor,
        regularizer: Functional | None,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        nonfinite: str = "raise",
        **options: Any,
    ) -> None:
        own = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        entries = encode(regularizer)
        super().__init__(torch.optim.Adam, params, entries, {**own, **options}, nonfinite)

    def _check_group(self, group: Group) -> None:
        check_scaled(decode(group))
        for p in group["params"]:
            if p.is_complex():
                raise TypeError(f"ProxAdam needs real parameters, got {p.dtype}")
        super()._check_group(group)

    def _check_numbers(self, group: Group) -> None:
        super()._check_numbers(group)
        check_moments(group)

    def _shrunk(self, J: Functional, x: Tensor, group: Group, state: dict[str, Any]) -> Tensor:
        second = state["max_exp_avg_sq"] if group["amsgrad"] else state["exp_avg_sq"]
        step = state["step"].to(x.device, x.dtype)
        d = (second / (1.0 - group["betas"][1] ** step)).sqrt() + group["eps"]
        # The step itself went lr / (1 - beta1^k) / d far for the average m; the prox goes lr / d.
        return scaled_prox(J, x, d, group["lr"])
