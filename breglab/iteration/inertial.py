"""Inertia with variable steps: momentum as a velocity, which changes of the step leave alone."""

from __future__ import annotations

from dataclasses import dataclass

import array_api_compat

from breglab._checks import Array, Scalar, nonnegative
from breglab.iteration.rules import Memory


@dataclass(frozen=True)
class Inertial:
    """w+ = beta w + (1 - beta) g, v+ = v - tau w+, with beta = gamma / (tau + gamma).

    The implicit-explicit Euler discretisation of the inertial flow gamma v'' + v' = -grad L,
    (2.11), with the time step tau; it converges to the flow for every sequence of small steps. In
    terms of the momentum m = tau w it is ``m+ = beta (tau_k / tau_{k-1}) m + (1 - beta) tau_k g``.
    For constant steps it is `Momentum` with the same beta; (2.12) and (2.14) leave the factor
    tau_k / tau_{k-1} out and converge to another flow when the steps alternate.

    Parameters
    ----------
    gamma : float
        Inertia >= 0, in the unit of the step size; 0 gives `Gradient`.

    Raises
    ------
    TypeError, ValueError
        If `gamma` is not a finite number >= 0.
    """

    gamma: float

    def __post_init__(self) -> None:
        nonnegative(self.gamma, "gamma")

    def start(self, v: Array) -> Memory:
        """Return the zero velocity."""
        return (array_api_compat.array_namespace(v).zeros_like(v),)

    def direction(self, memory: Memory, g: Array, tau: Scalar, k: int) -> tuple[Array, Memory]:
        """Return tau times the new velocity."""
        beta = self.gamma / (tau + self.gamma)
        w = beta * memory[0] + (1.0 - beta) * g
        return tau * w, (w,)
