"""Row 44: the linear rate of Theorem 11."""

from __future__ import annotations

from breglab.theory.certificates.symbolic.identity import Expression, Identity, Term
from breglab.theory.certificates.symbolic.step import Step

_LATEX = r"d_{k+1}\le(1-\tau\nu)d_k+\tfrac{\delta\tau^2}2\sigma^2"


def rate_small_steps() -> Identity:
    """Return the factor 1 - tau nu with the gradient term that is left, for every tau.

    For tau <= 1/(delta L) the gradient term is a gain and may be dropped.
    """
    s = Step(noise=True)
    gain = s.tau / (2 * s.L) * (1 - s.relative) * s.g**2
    return _rate(
        s,
        _LATEX + r"-\tfrac\tau{2L}(1-\delta L\tau)|\nabla\mathcal L|^2",
        (1 - s.tau * s.nu) * s.distance - gain,
        (s.assumption_5(s.tau), s.gradient_bound(s.tau)),
        (),
    )


def rate_large_steps() -> Identity:
    """Return the factor 1 - tau nu (2 - delta L tau) for 1/(delta L) <= tau <= 2/(delta L)."""
    s = Step(noise=True)
    to_star, _ = s.interpolation(s.tau * (s.relative - 1), 0)
    return _rate(
        s,
        _LATEX.replace(r"\tau\nu", r"\tau\nu(2-\delta L\tau)"),
        (1 - s.tau * s.nu * (2 - s.relative)) * s.distance,
        (s.assumption_5(s.tau * (2 - s.relative)), to_star, s.gradient_bound(s.tau)),
        (s.tau >= 1 / (s.delta * s.L), s.tau <= 2 / (s.delta * s.L)),
    )


def _rate(
    s: Step, latex: str, right: Expression, terms: tuple[Term, ...], conditions: tuple[object, ...]
) -> Identity:
    return Identity(
        "44",
        "Theorem 11, the sharp rate",
        latex,
        right=right + s.delta * s.tau**2 / 2 * s.xi**2,
        left=s.distance_next,
        terms=(*terms, *s.dual()),
        mean_zero=s.tau * s.xi * s.x - s.delta * s.tau**2 * s.g * s.xi,
        conditions=conditions,
    )
