"""LinBreg: stochastic linearized Bregman iterations, with and without momentum."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from breglab._checks import scalar
from breglab.geometry import Functional
from breglab.nn.optim._batch import Batch, Row, Rule
from breglab.nn.optim._fused import Fused, zeros_like
from breglab.nn.optim._params import Group


class LinBreg(Fused):
    """Stochastic linearized Bregman iterations, Algorithms 1 and 2 of Bungert et al. (JMLR 2022).

        m     <- beta m + (1 - beta) tau g(theta),   m = 0 at the start
        v     <- v - m                               (beta = 0: v - tau g(theta))
        theta <- prox_{delta J}(delta v)

    Parameters
    ----------
    params : iterable
        Parameters, named parameters, or groups of them, as in `Bregman`.
    lr : float
        Step size tau in the dual, >= 0. With J = 0 this is SGD with step size delta * lr.
    regularizer : Functional
        J, as in `Bregman`; None is `Zero`.
    delta : float
        The parameter of the elastic net, > 0.
    momentum : float
        beta in [0, 1). The paper's convention (2.14): the step size is inside of the momentum,
        whose gain is one, and it is exact when lr varies. Torch's heavy ball b <- beta b + g,
        v <- v - lr b moves 1 / (1 - beta) times as far; it is ``Bregman(torch.optim.SGD, params,
        J, lr=lr, momentum=beta)``.
    weight_decay : float
        lr * weight_decay * theta is taken from the dual at each step, outside of the momentum.
    nonfinite : {"raise", "skip", "allow"}
        As in `Bregman`.
    maximize, foreach, differentiable, fused
        As in `torch.optim.SGD`.
    kernel : {"auto", "compiled", "torch"}
        "compiled" makes the whole step in one pass over memory, for dense real parameters: by
        numba (extra ``fast``) on the CPU, by Triton on CUDA. "torch" takes torch's own kernels:
        SGD on the dual, fused where it can be, then the map to the parameter; on the CPU chunk by
        chunk where J looks at entries, so that the second pass finds the dual in the cache. "auto"
        compiles if numba or Triton is there, and what cannot be compiled is left to torch.
        Foreach, fused or differentiable ask for torch's, tensor by tensor.
    frozen_steps : int
        As in `Bregman`.

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
        delta: float = 1.0,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        *,
        nonfinite: str = "raise",
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
        kernel: str = "auto",
        frozen_steps: int = 0,
    ) -> None:
        options: dict[str, Any] = {
            "momentum": momentum,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        own: dict[str, Any] = {"lr": lr, "delta": delta, "nonfinite": nonfinite, "kernel": kernel}
        own["frozen_steps"] = frozen_steps
        super().__init__(torch.optim.SGD, params, regularizer, **own, **options)

    def _check_numbers(self, group: Group) -> None:
        super()._check_numbers(group)
        scalar(group["momentum"], "momentum", low=0.0, high=1.0, open_high=True)

    def _overrides(self, group: Group) -> dict[str, Any]:
        own = super()._overrides(group)
        beta = group["momentum"]
        if beta:
            # Torch's b <- beta b + (1 - dampening) g, v <- v - b is the paper's momentum.
            own |= {"lr": 1.0, "dampening": 1.0 - (1.0 - beta) * float(group["lr"])}
        return own

    def _dual(self, index: int, p: Tensor) -> Tensor:
        v = super()._dual(index, p)
        if self.param_groups[index]["momentum"] and "momentum_buffer" not in self.state[p]:
            # Torch would start with the first gradient, as if its gain were one.
            self.state[p]["momentum_buffer"] = zeros_like(v)
        return v

    def _row(self, index: int, p: Tensor) -> Row:
        self._dual(index, p)
        return p, *(self.state[p][name] for name in self._remembered(self.param_groups[index]))

    def _remembered(self, group: Group) -> tuple[str, ...]:
        return ("dual", "momentum_buffer") if group["momentum"] else ("dual",)

    def _rule(self, index: int, batch: Batch) -> Rule:
        group = self.param_groups[index]
        lr, beta = float(group["lr"]), group["momentum"]
        tau = -lr if group["maximize"] else lr
        return Rule(tau, lr * group["weight_decay"], (beta,) if beta else ())
