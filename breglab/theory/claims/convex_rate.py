"""Claim X5: the rate 1/N for convex losses."""

from __future__ import annotations

import numpy as np

from breglab.theory.claim import Claim
from breglab.theory.hypotheses import (
    CONVEX,
    DETERMINISTIC,
    GRADIENT_RULE,
    MINIMISER,
    STRONGLY_CONVEX_MAP,
    step_at_most,
)
from breglab.theory.instance import Instance, Run
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins
from breglab.theory.small import parabola


class ConvexRate(Claim):
    """The rate 1/N of linearized Bregman iterations and mirror descent.

    Statement: ``L(theta^N) - L* <= d_0 / (N tau)`` for constant ``tau <= 1/(delta L)``.
    Hypotheses: L convex with L-Lipschitz gradient, exact gradients, a minimiser theta*.
    Checked: at every recorded N >= 1.
    Tight: no; the worst case is .387, .503, .567, .642, .704 times the bound for N = 1, 2, 3, 5, 8.
    Source: not in the paper; classical for mirror descent (Beck and Teboulle 2003).
    """

    id = "X5"
    title = "Convex losses: the rate 1/N"
    kind = Kind.BEYOND
    source = "beyond the paper; Beck and Teboulle 2003"
    latex = (
        r"\mathcal L(\theta^{(N)})-\mathcal L^*\le\frac{d_0}{N\tau},\quad\tau\le\tfrac1{\delta L}"
    )
    words = (
        "For a convex loss, exact gradients and constant tau <= 1/(delta L) it holds L(theta^N) "
        "- L* <= d_0/(N tau), for every strongly convex mirror map."
    )
    tight = "The worst case is .39 (N = 1) to .70 (N = 8) of the bound at tau = 1/(delta L)."
    proof = (
        "The three-point inequality (proof of claim 35-three-point) with mu = 0, no noise and L* "
        "- L+ kept is d_{k+1} - d_k + ((1 - delta L tau)/(2 delta))|Delta|^2 <= -tau (L_{k+1} - "
        "L*); it uses D_phi(theta+, theta) >= |Delta|^2/(2 delta) only. Drop the square for tau "
        "<= 1/(delta L) and sum: tau (L_1 + ... + L_N - N L*) <= d_0. By claim 23 the last of "
        "these losses is the least."
    )
    certificates = ("convex-rate-one-step", "convex-rate-two-steps", "convex-rate-three-steps")
    hypotheses = (
        STRONGLY_CONVEX_MAP,
        GRADIENT_RULE,
        DETERMINISTIC,
        CONVEX,
        MINIMISER,
        step_at_most(1.0),
    )

    def margins(self, run: Run) -> Margins:
        """Check the rate; the sum of the step sizes stands for N tau."""
        keep = run.trace.k > 0
        tau = np.array([run.instance.step_size(k) for k in range(int(run.trace.k[-1]))])
        elapsed = np.cumsum(tau)[run.trace.k[keep] - 1]
        lowest = float(run.instance.loss.value(np.asarray(run.instance.theta_star)))
        lhs = run.trace["loss"][keep] - lowest
        rhs = run.trace["bregman"][0] / elapsed
        size = run.transitions.distance_scale[0] / elapsed
        scale = size + run.trace["loss"][keep] + lowest
        return Margins(run.trace.k[keep], lhs, rhs, scale, 1e-10)

    def negative_instance(self) -> Instance:
        """Return a step of 2.1/(delta L)."""
        return parabola("no-rate", "J = 0, L = theta^2/2, tau = 2.1/(delta L)", tau=2.1)
