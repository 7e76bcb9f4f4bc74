"""Several steps analysed together: what the one-step analysis gives away."""

from __future__ import annotations

from dataclasses import dataclass

from breglab.theory.worst_case.bregman_rate import bregman_rate
from breglab.theory.worst_case.result import WorstCase


@dataclass(frozen=True)
class SeveralSteps:
    """One step against several at once.

    Attributes
    ----------
    one : WorstCase
        The contraction of one step.
    together : WorstCase
        The contraction of N steps.
    steps : int
        N.
    """

    one: WorstCase
    together: WorstCase
    steps: int

    @property
    def gain(self) -> float:
        """``one^N / together``, >= 1: how much the repeated one-step bound gives away."""
        return self.one.value**self.steps / self.together.value


def several_steps(
    *,
    L: float,
    nu: float,
    delta: float,
    tau: float,
    steps: int = 2,
    assumption: str = "one-point",
) -> SeveralSteps:
    """Return the contraction of N steps of linearized Bregman iterations beside that of one.

    Problem, Method
        As in `bregman_rate`.
    Guarantee
        ``d_N <= together d_0`` with ``together <= one^N``: the worst problem of one step need not
        be the worst again in the next. For nu = 1/2, delta = L = 1 the gain of two steps is 1.01
        at tau = 1/2 and 1.47 at tau = 3/2.
    Reference
        Bungert, Roith, Tenbrinck, Burger (JMLR 2022), Theorem 11; beyond it.

    Parameters
    ----------
    L : float
        Lipschitz constant of the gradient, > 0.
    nu : float
        Constant of Assumption 5, in (0, delta L].
    delta : float
        Elastic-net parameter, > 0.
    tau : float
        Step size, in (0, 2/(delta L)].
    steps : int
        N >= 1.
    assumption : {"current", "one-point", "full"}
        See `bregman_rate`.

    Returns
    -------
    SeveralSteps
        Both worst cases.

    Raises
    ------
    ValueError, TypeError, ImportError, RuntimeError
        As in `bregman_rate`.
    """
    one = bregman_rate(L=L, nu=nu, delta=delta, tau=tau, assumption=assumption)
    together = bregman_rate(L=L, nu=nu, delta=delta, tau=tau, steps=steps, assumption=assumption)
    return SeveralSteps(one, together, steps)
