"""Claim X6-limit: frozen steps converge as long as full steps keep coming."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from breglab._checks import Values
from breglab.geometry import L1, ElasticNet, Functional, GroupL12
from breglab.iteration import Gradient, frozen_step, start
from breglab.problems import Loss, Quadratic
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, at_most
from breglab.theory.statement import Statement

WINDOWS = (1, 2, 5, 10, 20)
"""Numbers of full steps in a window that the bound is evaluated for."""


class _Waves(Loss):
    """2 - cos(x - 1) - cos(y - 1) + (x - y)^2/4: smooth and not convex, zero at (1, 1)."""

    def __init__(self) -> None:
        super().__init__(2, np.zeros(2), lipschitz=2.0)

    @property
    def convex(self) -> bool:
        """No."""
        return False

    def _value_and_gradient(self, theta: Values) -> tuple[Values, Values]:
        waves, gap = theta - 1.0, theta[..., 0] - theta[..., 1]
        slope = np.sin(waves) + np.stack([gap, -gap], axis=-1) / 2.0
        return np.sum(1.0 - np.cos(waves), axis=-1) + gap**2 / 4.0, slope


@dataclass(frozen=True, eq=False)
class Alternation:
    """A run of full steps with `rest` frozen ones after each.

    Attributes
    ----------
    loss : Loss
        A loss with a known lower bound.
    J : Functional
        A norm of entries or groups.
    theta : array, shape (n,)
        Where it starts.
    rest : int
        Number of frozen steps after each full one.
    relative : float
        delta L tau, below 2.
    steps : int
        Length of the run.
    only_first : bool
        Whether no full step comes after the first one.
    delta : float
        Elastic-net parameter.
    """

    loss: Loss
    J: Functional
    theta: Values
    rest: int
    relative: float = 1.0
    steps: int = 4000
    only_first: bool = False
    delta: float = 1.0

    @property
    def tau(self) -> float:
        """Step size."""
        return self.relative / (self.delta * self.loss.lipschitz)

    def run(self) -> tuple[Values, Values]:
        """Return the primal and the dual variables, shape (steps + 1, n) each."""
        phi = ElasticNet(self.J, self.delta)
        state = start(phi, theta=self.theta)
        support = np.ones(len(self.theta), dtype=bool)
        theta, v = [state.theta], [state.v]
        for k in range(self.steps):
            full = k == 0 if self.only_first else k % (self.rest + 1) == 0
            moves = np.ones_like(support) if full else support
            g = self.loss.gradient(state.theta)
            state = frozen_step(state, g, self.tau, phi, Gradient(), moves)
            support = np.asarray(state.theta != 0) if full else support
            theta.append(state.theta)
            v.append(state.v)
        return np.array(theta), np.array(v)


class FrozenConvergence(Statement):
    """With bounded gaps between full steps the gradient goes to zero.

    Statement: after every full step at most m frozen ones, exact gradients, constant ``tau <
    2/(delta L)``, and dual variables bounded by V in every entry. Then for all numbers n of full
    steps in a window and K of windows
    ``min_k |grad L(theta^k)|_inf <= 2 V/(tau n) + L sqrt(n (m + 1) C/K)`` with
    ``C = 2 delta tau (L_0 - inf L)/(2 - delta L tau)``, k over the starts of K windows of n (m + 1)
    steps each. Every limit point is stationary; for convex L it is a minimiser.
    Hypotheses: L-smooth loss, bounded below; iterates bounded, as for coercive losses.
    Checked: the bound for n = 1, ..., 20 on runs with m = 0, 1, 5, 20 for convex losses and one
    that is not convex; at the end of the runs the gradient must be below 1e-6 of the first.
    Tight: no; without further full steps it fails.
    Source: not in the paper.
    """

    id = "X6-limit"
    title = "Frozen steps converge if full steps keep coming"
    kind = Kind.BEYOND
    source = "beyond the paper"
    latex = (
        r"\min_k\|\nabla\mathcal L(\theta^{(k)})\|_\infty\le\frac{2V}{\tau n}"
        r"+L\sqrt{\frac{n(m+1)\,C}{K}},\quad "
        r"C=\frac{2\delta\tau(\mathcal L_0-\inf\mathcal L)}{2-\delta L\tau}"
    )
    words = (
        "If at most m frozen steps follow each full one, tau < 2/(delta L) and the dual variables "
        "stay bounded, the gradient goes to zero in all entries, those that rest most of the time "
        "included."
    )
    tight = "Not sharp; if no full step follows the first one, the limit need not be stationary."
    proof = (
        "By claims X6 and 19 every step, frozen or full, has |Delta|^2 <= (L_k - L_{k+1}) 2 delta "
        "tau/(2 - delta L tau), so that all |Delta|^2 sum to at most C. Of K windows of N = n (m + "
        "1) steps one has a sum of at most C/K, and in it no iterate is farther than sqrt(N C/K) "
        "from its first one. Let g be an entry of the gradient there, g > 0, say. Along the window "
        "this entry stays above g - L sqrt(N C/K); if that is positive, each of the n full steps "
        "lowers its dual variable by tau times it, and frozen steps lower it as well or leave it. "
        "As it moves by 2 V at most, g <= 2 V/(tau n) + L sqrt(N C/K). For any window late enough "
        "the sum in it is as small as one likes, so that the whole gradient goes to zero: first n "
        "large, then the sum small. If L is convex, theta bounded and the gradient small, L is "
        "near its infimum."
    )
    negative_title = "No full step after the first one: an entry that rests at zero never enters"

    def cases(self) -> Mapping[str, Alternation]:
        """Return runs with l1 and group norms, convex and not."""
        rng = np.random.default_rng(0)
        root = rng.standard_normal((30, 8))
        loss = Quadratic(root.T @ root / 30, rng.standard_normal(8) * (np.arange(8) % 3 > 0))
        zero = np.zeros(8)
        runs = {
            f"l1, m = {m}": Alternation(loss, L1(0.3), zero, m, relative=1.9 if m == 1 else 1.0)
            for m in (0, 1, 5, 20)
        }
        groups = GroupL12([[0, 1], [2, 3], [4, 5], [6, 7]], 0.3)
        runs["groups, m = 5"] = Alternation(loss, groups, zero, 5)
        runs["not convex, m = 3"] = Alternation(_Waves(), L1(0.2), np.array([-1.5, 0.0]), 3)
        return runs

    def negative_case(self) -> Alternation:
        """Return a run with one full step, said to have one in two."""
        loss = Quadratic(np.eye(2), np.array([0.02, 1.0]))
        return Alternation(loss, L1(0.6), np.array([0.02, 0.0]), 1, 0.5, only_first=True)

    def evaluate(self, case: Alternation) -> Margins:
        """Check the bound for every n, and that the gradient has gone to zero."""
        theta, v = case.run()
        slope = np.max(np.abs(case.loss.gradient(theta)), axis=-1)
        total = float(case.loss.value(theta[0])) - case.loss.infimum
        total *= 2.0 * case.delta * case.tau / (2.0 - case.relative)
        most, lhs, rhs = float(np.max(np.abs(v))), [slope[-1]], [1e-6 * slope[0]]
        for n in WINDOWS:
            length = n * (case.rest + 1)
            windows = case.steps // length
            lhs.append(np.min(slope[: windows * length : length]))
            drift = case.loss.lipschitz * np.sqrt(length * total / windows)
            rhs.append(2.0 * most / (case.tau * n) + drift)
        return at_most(np.arange(len(lhs)), np.array(lhs), np.array(rhs))
