"""AdaBreg: Adam on the dual variable."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from breglab.geometry import Functional
from breglab.nn.optim._batch import Batch, Row, Rule
from breglab.nn.optim._fused import Fused, zeros_like
from breglab.nn.optim._params import Group
from breglab.nn.optim._regularized import check_moments


class AdaBreg(Fused):
    """Adam on the dual variable, with bias correction: Algorithm 3 of Bungert et al. (JMLR 2022).

        m     <- beta1 m + (1 - beta1) g,   s <- beta2 s + (1 - beta2) g^2
        v     <- v - lr m / (1 - beta1^k) / (sqrt(s / (1 - beta2^k)) + eps)
        theta <- prox_{delta J}(delta v)

    Parameters
    ----------
    params : iterable
        Parameters, named parameters, or groups of them, as in `Bregman`.
    lr : float
        Step size in the dual, >= 0. With J = 0 this is Adam with step size delta * lr.
    regularizer : Functional
        J, as in `Bregman`; None is `Zero`.
    delta : float
        The parameter of the elastic net, > 0.
    betas : (float, float)
        Decay of the two moments, each in [0, 1).
    eps : float
        Added to the square root of the second moment, > 0.
    weight_decay : float
        lr * weight_decay * theta is taken from the dual at each step, as in AdamW.
    nonfinite : {"raise", "skip", "allow"}
        As in `Bregman`.
    maximize, foreach, capturable, differentiable, fused
        As in `torch.optim.Adam`.
    kernel : {"auto", "compiled", "torch"}
        As in `LinBreg`, with torch's own Adam in place of SGD.
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
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        nonfinite: str = "raise",
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        kernel: str = "auto",
        frozen_steps: int = 0,
    ) -> None:
        options: dict[str, Any] = {
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
        }
        own: dict[str, Any] = {"lr": lr, "delta": delta, "nonfinite": nonfinite, "kernel": kernel}
        own["frozen_steps"] = frozen_steps
        super().__init__(torch.optim.Adam, params, regularizer, **own, **options)

    def _check_numbers(self, group: Group) -> None:
        super()._check_numbers(group)
        check_moments(group)

    def _dual(self, index: int, p: Tensor) -> Tensor:
        v = super()._dual(index, p)
        step = self.state[p].get("step")
        if step is not None and (step.dtype != torch.float32 or step.is_cuda < p.is_cuda):
            # A checkpoint of a run on the CPU, or a count of torch's where float64 is the default:
            # kernels write four bytes, on a GPU where the parameter is.
            self.state[p]["step"] = step.to(p.device, torch.float32)
        return v

    def _row(self, index: int, p: Tensor) -> Row:
        v, state = self._dual(index, p), self.state[p]
        if "step" not in state:
            # Where torch's fused kernel wants it.
            state["step"] = torch.zeros((), dtype=torch.float32, device=p.device)
            state["exp_avg"], state["exp_avg_sq"] = zeros_like(v), zeros_like(v)
        return p, v, state["exp_avg"], state["exp_avg_sq"]

    def _remembered(self, group: Group) -> tuple[str, ...]:
        return "dual", "exp_avg", "exp_avg_sq"

    def _rule(self, index: int, batch: Batch) -> Rule:
        group = self.param_groups[index]
        lr = float(group["lr"])
        tau = -lr if group["maximize"] else lr
        steps = batch.counted([state["step"] for state in batch.states])
        return Rule(tau, lr * group["weight_decay"], tuple(group["betas"]), group["eps"], steps)
