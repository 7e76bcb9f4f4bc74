"""Claims 35, 37 and 43, and the three-point inequality behind Theorem 6."""

from __future__ import annotations

from breglab.theory.certificates.symbolic.identity import Identity, Term, sympy
from breglab.theory.certificates.symbolic.step import Step


def dual_step() -> Identity:
    """Return claim 43: the distance of one step is at most delta tau^2 |g|^2/2, and what is lost.

    Raises
    ------
    ImportError
        If SymPy, of the extra ``theory``, is missing.
    """
    s = Step()
    distance = s.J - s.J_next + s.p_next * s.moved + s.moved**2 / (2 * s.delta)
    return Identity(
        "43",
        "The Bregman distance of one step",
        r"D^{v^+}_{J_\delta}(\theta,\theta^+)\le\tfrac{\delta\tau^2}{2}|g|^2",
        right=s.delta * s.tau**2 / 2 * s.g**2,
        left=distance,
        terms=s.dual(),
    )


def distance_decreases() -> Identity:
    """Return claim 37: the distance to a minimiser decreases for convex losses.

    Raises
    ------
    ImportError
        If SymPy, of the extra ``theory``, is missing.
    """
    s = Step()
    gain = (s.tau / s.L - s.delta * s.tau**2 / 2) * s.g**2
    return Identity(
        "37",
        "Without noise the distance to a minimiser decreases",
        r"d_{k+1}\le d_k-(\tfrac\tau L-\tfrac{\delta\tau^2}2)|\nabla\mathcal L|^2",
        right=s.distance - gain,
        left=s.distance_next,
        terms=(*s.interpolation(s.tau, sympy().Integer(0)), *s.dual()),
    )


def decay_small_steps() -> Identity:
    """Return claim 35 for tau <= 2/(delta (L + mu)): rho = mu (1 - delta tau mu/2).

    Raises
    ------
    ImportError
        If SymPy, of the extra ``theory``, is missing.
    """
    s = Step(noise=True)
    rest = s.tau * (2 - s.delta * s.tau * (s.L + s.mu)) / (2 * (s.L - s.mu))
    square = Term("a square", rest, (s.g - s.mu * s.x) ** 2)
    weight = s.tau * (1 - s.delta * s.tau * s.mu)
    rho = s.mu * (1 - s.delta * s.tau * s.mu / 2)
    return _decay(s, rho, weight, square, s.tau <= 2 / (s.delta * (s.L + s.mu)))


def decay_large_steps() -> Identity:
    """Return claim 35 for 2/(delta (L + mu)) <= tau <= 2/(delta L): rho = L (1 - delta tau L/2).

    Raises
    ------
    ImportError
        If SymPy, of the extra ``theory``, is missing.
    """
    s = Step(noise=True)
    rest = s.tau * (s.delta * s.tau * (s.L + s.mu) - 2) / (2 * (s.L - s.mu))
    square = Term("a square", rest, (s.g - s.L * s.x) ** 2)
    weight = s.tau * (s.relative - 1)
    rho = s.L * (1 - s.relative / 2)
    return _decay(s, rho, weight, square, s.tau >= 2 / (s.delta * (s.L + s.mu)))


def _decay(s: Step, rho: object, weight: object, square: Term, steps: object) -> Identity:
    noise = s.delta * s.tau**2 / 2 * s.xi**2
    return Identity(
        "35",
        "Theorem 6, the sharp rate",
        r"d_{k+1}\le d_k-\tau\rho\,\mathbb E|e_k|^2+\tfrac{\delta\tau^2}2\sigma^2",
        right=s.distance - s.tau * rho * s.x**2 + noise,
        left=s.distance_next,
        terms=(*s.interpolation(weight, s.mu), square, *s.dual()),
        mean_zero=s.tau * s.xi * s.x - s.delta * s.tau**2 * s.g * s.xi,
        conditions=(s.mu < s.L, steps),
    )


def three_point() -> Identity:
    """Return the inequality that removes mu/L from the step of Theorem 6, for every tau.

    The noise is left on the right as ``-tau <xi, Delta>``, Delta = theta^{k+1} - theta^k.
    """
    s = Step(noise=True)
    convexity = s.mu * s.tau / 2 * (s.x**2 + s.y**2)
    increment = (1 / s.delta - s.tau * s.L) / 2 * s.moved**2
    strong = "the loss is mu-strongly convex"
    at_old = s.lowest - s.loss + s.g * s.x - s.mu / 2 * s.x**2
    at_star = s.loss_next - s.lowest - s.mu / 2 * s.y**2
    return Identity(
        "B(b)",
        "The three-point inequality",
        r"d_{k+1}-d_k+\tfrac{\mu\tau}2(|e_{k+1}|^2+|e_k|^2)+\tfrac12(\tfrac1\delta-\tau L)"
        r"|\Delta|^2+D_J^{p}(\theta^+,\theta)\le-\tau\langle\xi,\Delta\rangle",
        right=-s.tau * s.xi * s.moved,
        left=s.distance_next - s.distance + convexity + increment + s.convex_J,
        terms=(s.descent(s.tau), Term(strong, s.tau, at_old), Term(strong, s.tau, at_star)),
        mean_zero=s.tau * s.xi * s.x,
    )
