"""Symbolic certificates: one-step bounds proved for all parameters at once.

Each function returns an `Identity`; it proves its inequality if its residual is zero.
"""

from collections.abc import Callable

from breglab.theory.certificates.symbolic.bregman_rate import (
    rate_large_steps,
    rate_refined,
    rate_small_steps,
)
from breglab.theory.certificates.symbolic.distance_decay import (
    decay_large_steps,
    decay_small_steps,
    distance_decreases,
    dual_step,
    three_point,
)
from breglab.theory.certificates.symbolic.identity import Identity, Term
from breglab.theory.certificates.symbolic.loss_decay import loss_decay
from breglab.theory.certificates.symbolic.momentum import discretisation, momentum_form
from breglab.theory.certificates.symbolic.noise_term import noise_printed, noise_sharp
from breglab.theory.certificates.symbolic.norm_decay import norm_decay

IDENTITIES: tuple[Callable[[], Identity], ...] = (
    discretisation,
    momentum_form,
    loss_decay,
    noise_printed,
    noise_sharp,
    norm_decay,
    decay_small_steps,
    decay_large_steps,
    distance_decreases,
    dual_step,
    rate_small_steps,
    rate_refined,
    rate_large_steps,
    three_point,
)

__all__ = [
    "IDENTITIES",
    "Identity",
    "Term",
    "decay_large_steps",
    "decay_small_steps",
    "discretisation",
    "distance_decreases",
    "dual_step",
    "loss_decay",
    "momentum_form",
    "noise_printed",
    "noise_sharp",
    "norm_decay",
    "rate_large_steps",
    "rate_refined",
    "rate_small_steps",
    "three_point",
]
