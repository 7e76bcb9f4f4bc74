"""The lasso by subgradients: torch's optimizers on the loss plus J."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from breglab.geometry import Functional
from breglab.nn.optim._regularized import Regularized
from breglab.nn.regularizers import encode, subgradient


class _Penalized(Regularized):
    """A torch optimizer on g + the shortest element of dJ(theta)."""

    def _update(self, active: Sequence[Sequence[Tensor]]) -> None:
        if not self._gradients_serve(active):
            return
        gradients = [p.grad for p in chain.from_iterable(active)]
        for index, params in enumerate(active):
            J = self._functional(index)
            for p in params:
                assert p.grad is not None
                p.grad = p.grad + subgradient(J, p.detach()).to(p.grad.dtype)
        overrides = [self._overrides(group) for group in self.param_groups]
        self._inner.step(
            self.param_groups, overrides, [{p: self.state[p] for p in params} for params in active]
        )
        for p, gradient in zip(chain.from_iterable(active), gradients, strict=True):
            p.grad = gradient  # what the loss has given, for whoever accumulates


class PenalizedSGD(_Penalized):
    """Stochastic subgradient descent on loss + J, the common way to the lasso.

        theta <- theta - lr (g(theta) + s),   s the shortest element of dJ(theta)

    Weights become small and, but for chance, never zero: threshold them afterwards
    (`threshold_`). Scardapane et al., Group sparse regularization for deep neural networks,
    Neurocomputing 2017.

    Parameters
    ----------
    params, lr, regularizer, nonfinite
        As in `breglab.nn.ProxSGD`.
    momentum, dampening, nesterov, maximize, foreach, differentiable, fused
        As in `torch.optim.SGD`.

    Raises
    ------
    TypeError, ValueError
        As in `breglab.nn.Bregman`.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor,
        regularizer: Functional | None,
        momentum: float = 0.0,
        dampening: float = 0.0,
        nesterov: bool = False,
        *,
        nonfinite: str = "raise",
        **options: Any,
    ) -> None:
        own = {"lr": lr, "momentum": momentum, "dampening": dampening, "nesterov": nesterov}
        entries = encode(regularizer)
        super().__init__(torch.optim.SGD, params, entries, {**own, **options}, nonfinite)


class PenalizedAdam(_Penalized):
    """Adam on loss + J: its subgradients go through Adam's averages.

    Kingma and Ba, ICLR 2015, for Adam; for what it finds see `PenalizedSGD`.

    Parameters
    ----------
    params, lr, regularizer, nonfinite
        As in `breglab.nn.ProxSGD`.
    betas, eps, amsgrad, maximize, foreach, capturable, differentiable, fused
        As in `torch.optim.Adam`.

    Raises
    ------
    TypeError, ValueError
        As in `breglab.nn.Bregman`.
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor,
        regularizer: Functional | None,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        *,
        nonfinite: str = "raise",
        **options: Any,
    ) -> None:
        own = {"lr": lr, "betas": betas, "eps": eps}
        entries = encode(regularizer)
        super().__init__(torch.optim.Adam, params, entries, {**own, **options}, nonfinite)
