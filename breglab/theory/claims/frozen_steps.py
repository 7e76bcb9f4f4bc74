"""Claim X6: what the bounds of the theory become when some steps move the support alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from breglab._checks import Values
from breglab.geometry import L1, ElasticNet
from breglab.iteration import Gradient, State, frozen_step, start
from breglab.problems import Quadratic
from breglab.theory.claim import Claim
from breglab.theory.claims.loss_decay import LossDecay
from breglab.theory.hypotheses import BOUNDED_VARIANCE, GRADIENT_RULE, HOMOGENEOUS, step_below
from breglab.theory.instance import Instance, Run
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, at_most, joined
from breglab.theory.small import parabola
from breglab.theory.statement import Statement
from breglab.theory.transitions import Transitions, transitions
from breglab.theory.verdict import Verdict


class _OnSupport(Transitions):
    """Frozen steps: the gradients are zero outside of the support of each iterate."""

    @cached_property
    def variance(self) -> Values:
        """E of the squared noise on the support, shape (samples,)."""
        noise = self.g - self.oracle.loss.gradient(self.theta_from)
        return self.expect(np.sum(np.where(self.theta_from != 0, noise, 0.0) ** 2, axis=-1))


class _Frozen(Run):
    """A run whose transitions are frozen steps from its iterates."""

    @cached_property
    def transitions(self) -> Transitions:
        """One frozen step from every kept iterate, for every gradient."""
        i, t = self.instance, super().transitions
        law = t.probability, np.where(self.theta != 0, t.g, 0.0)
        moved = transitions(i.oracle, i.phi, i.theta_star, self.theta, self.v, self.tau, law)
        return _OnSupport(**vars(moved))


class FrozenLossDecay(Claim):
    """Theorem 2 holds for steps on the support alone, with the noise on the support alone.

    Statement: a frozen step from any iterate satisfies (3.5) of claim 18-corrected with the
    variance of the gradient's entries in the support in the place of sigma^2.
    Hypotheses: Assumptions 1-3, ``sup tau < 2/(delta L)``, a norm of entries or of groups.
    Checked: one frozen step from every iterate, with exact conditional expectations, three values
    of c.
    Tight: as claim 18-corrected, for the restricted loss.
    Source: not in the paper; Theorem 2 for the loss on a face.
    """

    id = "X6"
    title = "Frozen steps: the loss decays on the support"
    kind = Kind.BEYOND
    source = "beyond the paper; Theorem 2 on the support"
    latex = (
        r"\mathbb E\mathcal L(\theta^{+})+\tfrac1{\tau}\mathbb E D_J^{sym}"
        r"+\tfrac{2-\delta L\tau-c}{2\delta\tau}\mathbb E\|\Delta\|^2"
        r"\le\mathcal L(\theta)+\tfrac{\tau\delta}{2c}\,\mathbb E\|\xi_S\|^2,\quad"
        r"\theta^+\text{ by a step on }S=\operatorname{supp}\theta"
    )
    words = (
        "A step that moves the support alone lowers the loss as a full step does, and pays for the "
        "noise of the gradient on the support only."
    )
    tight = "As claim 18-corrected, which is the case of a full support."
    proof = (
        "Let z be the entries in S, L_S(z) the loss with all other entries zero and J_S likewise. "
        "J is a sum over entries, or over groups whose members outside of S are zero with zero "
        "dual variable, so that the map back of the full dual variable has the entries of "
        "prox_{delta J_S} in S and zero elsewhere: the frozen step is a step of (2.8) for L_S and "
        "J_S. L_S has an L-Lipschitz gradient, and its noise is that of the entries in S. Claim "
        "18-corrected for L_S is the assertion; the certificate holds in every dimension."
    )
    certificates = ("loss-decay",)
    hypotheses = (HOMOGENEOUS, GRADIENT_RULE, BOUNDED_VARIANCE, step_below(2.0))

    def margins(self, run: Run) -> Margins:
        """Check claim 18-corrected on frozen steps."""
        return LossDecay().margins(_Frozen(run.instance, run.trace, run.draws, run.batch))

    def negative_instance(self) -> Instance:
        """Return a step of 2.1/(delta L)."""
        title = "J = .1 |.|, L = theta^2/2, tau = 2.1/(delta L), from 9"
        return parabola("beyond-frozen", title, tau=2.1, J=L1(0.1), theta0=9.0)


@dataclass(frozen=True, eq=False)
class _Step:
    """One step from a point of two or more unknowns, J = lam |.|_1.

    `frozen` says whether it moves the support alone, `curvature` which constant is claimed, and
    `towards` the point that a distance is measured to: the minimiser of the loss with the support
    of theta if None.
    """

    Q: Values
    center: Values
    theta: Values
    relative: float
    lam: float = 0.5
    delta: float = 1.0
    frozen: bool = True
    towards: Values | None = None
    full_curvature: bool = False

    @property
    def support(self) -> Values:
        """Where theta is not zero."""
        return np.asarray(self.theta != 0)

    @cached_property
    def curvature(self) -> float:
        """Largest eigenvalue of Q, on the support or at all."""
        S = np.ones_like(self.support) if self.full_curvature else self.support
        return float(np.linalg.eigvalsh(self.Q[np.ix_(S, S)])[-1])

    @property
    def reference(self) -> Values:
        """What the distance is measured to, shape (n,)."""
        if self.towards is not None:
            return self.towards
        S = self.support
        z = np.zeros_like(self.theta)
        z[S] = np.linalg.solve(self.Q[np.ix_(S, S)], (self.Q @ self.center)[S])
        return z

    @property
    def tau(self) -> float:
        """Step size."""
        return self.relative / (self.delta * self.curvature)

    @cached_property
    def phi(self) -> ElasticNet:
        """The mirror map."""
        return ElasticNet(L1(self.lam), self.delta)

    @cached_property
    def loss(self) -> Quadratic:
        """The loss."""
        return Quadratic(self.Q, self.center)

    @property
    def moves(self) -> Values:
        """Which entries a step moves."""
        return self.support if self.frozen else np.ones_like(self.support)

    def walk(self, steps: int) -> list[State]:
        """Return the states of so many steps, all on the first support."""
        states = [start(self.phi, theta=self.theta)]
        for _ in range(steps):
            g = self.loss.gradient(states[-1].theta)
            moved = frozen_step(states[-1], g, self.tau, self.phi, Gradient(), self.moves)
            states.append(moved)
        return states

    def taken(self) -> dict[str, float]:
        """Return both losses, both distances, and the terms of the first step."""
        before, after = self.walk(1)
        loss, phi = self.loss, self.phi
        g, change = loss.gradient(before.theta), after.theta - before.theta
        return {
            "tau": self.tau,
            "loss": float(loss.value(before.theta)),
            "loss_next": float(loss.value(after.theta)),
            "dsym": float((after.v - before.v) @ change),
            "increment2": float(change @ change),
            "slope2": float(np.sum(g[self.moves] ** 2)),
            "distance": float(phi.divergence(self.reference, before.theta, before.v)),
            "distance_next": float(phi.divergence(self.reference, after.theta, after.v)),
        }


def _coupled(seed: int, relative: float, n: int = 12) -> _Step:
    """Return a random quadratic whose curvature is mostly outside of a small support."""
    rng = np.random.default_rng(seed)
    root = rng.standard_normal((n, n)) * np.linspace(0.3, 2.0, n)
    theta = np.where(np.arange(n) < 4, rng.standard_normal(n), 0.0)
    return _Step(root.T @ root / n, rng.standard_normal(n), theta, relative)


class LongerFrozenSteps(Statement):
    """Frozen steps may be as long as the curvature on the support allows.

    Statement: with exact gradients a frozen step satisfies ``L+ + (1/tau) D_phi^sym - (L_S/2)
    |Delta|^2 <= L``, L_S the Lipschitz constant of the gradient on the support, and lowers the
    loss for all ``tau <= 2/(delta L_S)``.
    Hypotheses: exact gradients; a norm of entries or of groups.
    Checked: on quadratics with steps of .5, 1.5 and 2 over delta L_S, two of which are beyond 2
    over delta L; equality for one entry in the support.
    Tight: equality for a support of one entry and a quadratic.
    Source: not in the paper; claim 19 for the restricted loss.
    """

    id = "X6-longer"
    title = "Frozen steps may be longer"
    kind = Kind.BEYOND
    source = "beyond the paper; claim 19 on the support"
    latex = (
        r"\tau\le\tfrac{2}{\delta L_S}\ \Rightarrow\ \mathcal L(\theta^+)+\tfrac1{\tau}"
        r"D_\varphi^{sym}-\tfrac{L_S}2\|\Delta\|^2\le\mathcal L(\theta),\quad"
        r"\mathcal L(\theta^+)\le\mathcal L(\theta)"
    )
    words = (
        "On the support the step bound and the decay are those of the curvature there, which may "
        "be much smaller than L."
    )
    tight = "Equality for a quadratic and a support of one entry."
    proof = (
        "Claims 19 and 23 for the loss restricted to the entries in S, whose gradient is "
        "L_S-Lipschitz with L_S <= L. For a quadratic with one entry in S (3.3) is an equality, "
        "and with it claim 19."
    )
    certificates = ("loss-decay",)
    negative_title = "A full step of the length that the curvature on the support allows"

    def cases(self) -> Mapping[str, _Step]:
        """Return random quadratics with a support of four entries, and one entry alone."""
        many = {
            f"{relative:g}/(delta L_S), seed {seed}": _coupled(seed, relative)
            for seed in range(4)
            for relative in (0.5, 1.5, 2.0)
        }
        return {**many, "one entry": self._single()}

    def negative_case(self) -> _Step:
        """Return a full step from the point of a case."""
        case = _coupled(0, 2.0)
        return _Step(case.Q, case.center, case.theta, 2.0, frozen=False)

    def evaluate(self, case: _Step) -> Margins:
        """Check both inequalities, and the first one as an equality for one entry."""
        t = case.taken()
        k = np.zeros(1, dtype=int)
        decay = t["dsym"] / t["tau"] - case.curvature / 2.0 * t["increment2"]
        size = np.array([abs(decay) + t["dsym"] / t["tau"]])
        lhs, loss = np.array([t["loss_next"] + decay]), np.array([t["loss"]])
        parts = [at_most(k, lhs, loss, size), at_most(k, np.array([t["loss_next"]]), loss, size)]
        if case.frozen and np.sum(case.support) == 1:
            parts.append(at_most(k, loss, lhs, size))
        return joined(*parts)

    def _single(self) -> _Step:
        return _Step(np.array([[0.5, 0.4], [0.4, 2.0]]), np.array([3.0, -1.0]),
                     np.array([1.0, 0.0]), 1.2)  # fmt: skip


class FrozenDistanceDecreases(Statement):
    """Frozen steps approach the minimiser in the Bregman distance.

    Statement: claim 37 carries over: a frozen step does not increase ``D_phi^v(theta*, theta)`` for
    small tau.
    Hypotheses: exact gradients, L convex, ``tau <= 1/(delta L)``.
    Checked: in two unknowns, J = |.|_1/2.
    Tight: fails; the frozen entry may move away from that of theta* while the loss decreases.
    Source: not in the paper.
    """

    id = "X6-distance"
    title = "Frozen steps approach the minimiser in the Bregman distance"
    kind = Kind.BEYOND
    source = "beyond the paper; claim 37 for steps on the support"
    latex = r"D_{J_\delta}^{v^{+}}(\theta^*,\theta^{+})\le D_{J_\delta}^{v}(\theta^*,\theta)"
    words = (
        "One might expect that a step on the support brings the iterate closer to the minimiser in "
        "the Bregman distance, as a full step does."
    )
    tight = (
        "Fails for Q = (1, 1/2; 1/2, 1), theta* = (1, -2), theta = (1/2, 0): the distance grows by "
        "tau/4 + tau^2/8."
    )
    proof = (
        "On the support of the first entry the slope is (1/2 - 1) + (0 + 2)/2 = 1/2 > 0, so that "
        "theta_1 falls from 1/2, away from theta*_1 = 1, although the loss falls too. phi*(v) "
        "grows by tau g_1 (-theta_1) + tau^2 g_1^2/2 and -<v, theta*> by tau g_1 theta*_1: "
        "together tau (1/2)(1 - 1/2) + tau^2/8. A full step moves theta_2 as well, and its gain "
        "pays for this."
    )
    expected = Verdict.VIOLATED
    negative_title = "An entry of the support that the other one, at rest, drives away from theta*"
    counterexample = "driven away"

    def cases(self) -> Mapping[str, _Step]:
        """Return a full step and a frozen one from the same point."""
        bad = self.negative_case()
        full = _Step(bad.Q, bad.center, bad.theta, bad.relative, frozen=False,
                     towards=bad.center, full_curvature=True)  # fmt: skip
        return {"a full step": full, "driven away": bad}

    def negative_case(self) -> _Step:
        """Return the two coupled entries."""
        center = np.array([1.0, -2.0])
        return _Step(np.array([[1.0, 0.5], [0.5, 1.0]]), center, np.array([0.5, 0.0]), 0.5,
                     towards=center, full_curvature=True)  # fmt: skip

    def evaluate(self, case: _Step) -> Margins:
        """Compare the distances before and after."""
        t = case.taken()
        after, before = np.array([t["distance_next"]]), np.array([t["distance"]])
        return at_most(np.zeros(1, dtype=int), after, before)


class FrozenDistanceRestricted(Statement):
    """Frozen steps approach the minimiser among the points with their support.

    Statement: for convex L, ``d+ <= d - (tau/L_S - delta tau^2/2)|grad L_S|^2``, d the Bregman
    distance to the minimiser of the loss among the points that are zero outside of S.
    Hypotheses: exact gradients, L convex.
    Checked: on random quadratics with a support of four of twelve entries.
    Tight: as claim 37.
    Source: not in the paper; claim 37 for the restricted loss.
    """

    id = "X6-restricted"
    title = "Frozen steps approach the minimiser on their support"
    kind = Kind.BEYOND
    source = "beyond the paper; claim 37 on the support"
    latex = (
        r"D_{J_\delta}^{v^{+}}(z^*,\theta^{+})\le D_{J_\delta}^{v}(z^*,\theta)"
        r"-\Bigl(\tfrac\tau{L_S}-\tfrac{\delta\tau^2}2\Bigr)\|\nabla_S\mathcal L\|^2"
    )
    words = (
        "What a frozen step approaches in the Bregman distance is the minimiser of the loss among "
        "the points with its support."
    )
    tight = "As claim 37, for the restricted loss."
    proof = (
        "z* and theta are zero outside of S, where v rests, so that the distance is that of the "
        "restricted mirror map; claim 37 for the loss restricted to S."
    )
    negative_title = "The distance to the minimiser of the whole loss in its place"

    def cases(self) -> Mapping[str, _Step]:
        """Return random quadratics."""
        return {
            f"{relative:g}/(delta L_S), seed {seed}": _coupled(seed, relative)
            for seed in range(4)
            for relative in (0.5, 1.5)
        }

    def negative_case(self) -> _Step:
        """Return the counterexample of claim X6-distance."""
        return FrozenDistanceDecreases().negative_case()

    def evaluate(self, case: _Step) -> Margins:
        """Compare the two sides."""
        t = case.taken()
        gain = (t["tau"] / case.curvature - t["tau"] ** 2 * case.delta / 2.0) * t["slope2"]
        sides = np.array([t["distance_next"]]), np.array([t["distance"] - gain])
        return at_most(np.zeros(1, dtype=int), *sides, np.array([t["distance"] + abs(gain)]))
