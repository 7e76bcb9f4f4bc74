"""Claims 18, 19, 20 and 23: Theorem 2 and Remark 4, with explicit constants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from breglab._checks import Values
from breglab.geometry import L1, ElasticNet, SquaredNorm
from breglab.theory.claim import Claim
from breglab.theory.hypotheses import (
    BOUNDED_VARIANCE,
    DETERMINISTIC,
    ELASTIC_NET,
    EVERY_STEP,
    GRADIENT_RULE,
    STRONGLY_CONVEX_MAP,
    UNBIASED,
    step_at_most,
    step_below,
)
from breglab.theory.instance import Instance, Run
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, joined
from breglab.theory.sides import TOLERANCE, attained
from breglab.theory.small import (
    Misstated,
    Quieter,
    noisy_parabola,
    parabola,
    quadratic_instance,
)
from breglab.theory.verdict import Verdict


def _scale(run: Run) -> Values:
    """Return the size of the terms of (3.5) at every iterate."""
    t = run.transitions
    changes = np.abs(t.dsym_phi) + t.increment2 / run.instance.delta
    return np.asarray(
        np.abs(t.loss) + np.abs(t.loss_next) + changes / run.tau + _rounding_floor(run)
    )


def _rounding_floor(run: Run) -> float:
    """Return the size below which a loss is rounding.

    A residual is known to about 1e-15 of the first one, so that near convergence a loss x^2 is
    known to 1e-15 x and not to 1e-16 x^2: a share of the largest loss covers the difference. Where
    even that is rounding, the loss is L/2 times the square of the rounding of theta.
    """
    size = 1e-15 * float(np.max(np.abs(run.theta)))
    smallest: float = run.instance.loss.lipschitz * run.theta.shape[-1] * size**2
    return 1e-10 * float(np.max(np.abs(run.transitions.loss))) + 16.0 * smallest / TOLERANCE


def _decay(run: Run, coefficient: Values) -> Values:
    """Return E L+ + (1/tau) E D_J^sym + coefficient/(2 delta tau) E|Delta|^2."""
    t, delta = run.transitions, run.instance.delta
    # D_phi^sym = D_J^sym + |Delta|^2/delta (Lemma 13); this form serves every mirror map.
    change = t.dsym_phi + (coefficient / 2.0 - 1.0) * t.increment2 / delta
    return t.loss_next + change / run.tau


def _relative(run: Run) -> Values:
    """Return delta L tau at every iterate."""
    return run.instance.delta * run.instance.loss.lipschitz * run.tau


class LossDecayPrinted(Claim):
    """Theorem 2 as printed, up to and including the step 2/(delta L).

    Statement: there are c, C > 0 such that for every k
    ``E L+ + (1/tau) E Dsym + C/(2 delta tau) E|Delta|^2 <= E L + tau delta sigma^2/(2c)``.
    Hypotheses: Assumptions 1-3, ``tau <= 2/(delta L)``.
    Checked: with exact gradients (sigma = 0, Remark 4) the largest C that an iterate allows is
    computed; the statement needs it to stay above zero, and one below 1e-9 counts as zero. Rounding
    moves C by less, as increments are left aside whose square is a millionth of the loss.
    Tight: fails at ``tau = 2/(delta L)``: J = 0, L = theta^2/2, delta = 1, tau = 2 sends 1 to -1,
    the loss does not change and |Delta|^2 = 4. With noise +-1 the same instance has
    ``E|Delta|^2/(2 delta tau) = 2 + 4k`` and all other terms bounded.
    Source: Theorem 2, (3.5).
    """

    id = "18"
    title = "Loss decay as printed, tau <= 2/(delta L)"
    kind = Kind.FALSE_AS_PRINTED
    section = "3.1"
    source = "Theorem 2, (3.5)"
    latex = (
        r"\tau^{(k)}\le\tfrac{2}{\delta L}\Rightarrow\exists\,c,C>0:\ "
        r"\mathbb E\mathcal L(\theta^{(k+1)})+\tfrac1{\tau}\mathbb E D_J^{sym}"
        r"+\tfrac{C}{2\delta\tau}\mathbb E\|\Delta\|^2"
        r"\le\mathbb E\mathcal L(\theta^{(k)})+\tau\delta\tfrac{\sigma^2}{2c}"
    )
    words = (
        "For steps up to and including 2/(delta L) the loss decays, up to noise, with a constant "
        "C > 0 in front of the squared increments."
    )
    tight = (
        "Fails at tau = 2/(delta L), where the largest constant, 2 - delta L tau, is zero; true "
        "if the steps stay below (claim 18-corrected)."
    )
    proof = (
        "J = 0, L = theta^2/2, delta = L = 1, tau = 2: theta+ = theta - 2 theta = -theta. From 1 "
        "the loss is 1/2 before and after, D_J^sym = 0, |Delta|^2 = 4 and sigma = 0, so that "
        "(3.5) reads 1/2 + C <= 1/2: no C > 0 is left. With noise xi = +-1 it is theta+ = -theta "
        "- 2 xi, so that E|theta^k|^2 = 1 + 4k, E L rises by 2 a step and E|Delta|^2/(2 delta "
        "tau) = 2 + 4k: (3.5) would need 2 + C (2 + 4k) <= 1/c for all k."
    )
    expected = Verdict.VIOLATED
    hypotheses = (ELASTIC_NET, GRADIENT_RULE, DETERMINISTIC, step_at_most(2.0))

    def own_instances(self) -> tuple[Instance, ...]:
        """Return the counterexample."""
        return (self.negative_instance(),)

    def margins(self, run: Run) -> Margins:
        """Return by how much the largest admissible C exceeds zero."""
        t = run.transitions
        squares = t.increment2 / (2.0 * run.instance.delta * run.tau)
        # An iterate that stands still allows every C; one so slow that the loss cannot resolve
        # the change says nothing. Above this size rounding moves C by less than the floor.
        moving = squares > 1e-6 * _scale(run)
        room = t.loss - _decay(run, np.zeros(len(run.tau)))
        largest = np.where(moving, room / np.where(moving, squares, 1.0), 1.0)
        floor = np.full_like(largest, 1e-9)
        # Relative to C itself, so that no C > 0 is a margin of minus one.
        return Margins(run.trace.k, floor, largest, floor + np.abs(largest), 0.0)

    def negative_instance(self) -> Instance:
        """Return J = 0, L = theta^2/2, delta = 1, tau = 2."""
        return parabola("flip", "J = 0, L = theta^2/2, tau = 2/(delta L): 1 -> -1 -> 1", tau=2.0)


class LossDecay(Claim):
    """Theorem 2 with the hypothesis that it needs, and explicit constants.

    Statement: for ``tau < 2/(delta L)`` and any ``0 < c < 2 - delta L tau``, (3.5) holds with
    ``C = 2 - delta L tau - c``.
    Hypotheses: Assumptions 1-3, ``sup tau < 2/(delta L)``.
    Checked: at every iterate, with exact conditional expectations and the exact conditional
    variance, for three values of c.
    Tight: see claims 19 and 20.
    Source: Theorem 2, (3.5), corrected.
    """

    id = "18-corrected"
    title = "Loss decay, corrected: sup tau < 2/(delta L)"
    kind = Kind.CORRECTED
    section = "3.1"
    source = "Theorem 2, (3.5), corrected"
    latex = (
        r"\mathbb E\mathcal L(\theta^{(k+1)})+\tfrac1{\tau}\mathbb E D_J^{sym}"
        r"+\tfrac{2-\delta L\tau-c}{2\delta\tau}\mathbb E\|\Delta\|^2"
        r"\le\mathbb E\mathcal L(\theta^{(k)})+\tau\delta\tfrac{\sigma^2}{2c},"
        r"\quad 0<c<2-\delta L\tau"
    )
    words = (
        "If sup tau < 2/(delta L), the loss decays, up to noise, with C = 2 - delta L tau - c "
        "for every c in (0, 2 - delta L tau)."
    )
    tight = "In the limit c -> 0 without noise (claim 19); its noise term for c >= 1 (claim 20)."
    proof = (
        "(3.3) along the step is L+ <= L + <g - xi, Delta> + (L/2)|Delta|^2. As tau g = v - v+, "
        "Lemma 13 gives <g, Delta> = -D_J^sym/tau - |Delta|^2/(delta tau), so that L+ + "
        "D_J^sym/tau + ((2 - delta L tau)/(2 delta tau))|Delta|^2 <= L - <xi, Delta>. Young's "
        "inequality -<xi, Delta> <= c |Delta|^2/(2 delta tau) + delta tau |xi|^2/(2c), then "
        "expectations."
    )
    hypotheses = (ELASTIC_NET, GRADIENT_RULE, BOUNDED_VARIANCE, step_below(2.0))

    def margins(self, run: Run) -> Margins:
        """Check three admissible values of c."""
        t, room = run.transitions, 2.0 - _relative(run)
        parts = []
        for share in (0.1, 0.5, 0.9):
            c = share * room
            noise = run.tau * run.instance.delta * t.variance / (2.0 * c)
            lhs, scale = _decay(run, room - c), _scale(run) + np.abs(noise)
            parts.append(Margins(run.trace.k, lhs, t.loss + noise, scale, TOLERANCE))
        return joined(*parts)

    def negative_instance(self) -> Instance:
        """Return a step of 2.1/(delta L)."""
        return parabola("beyond", "J = 0, L = theta^2/2, tau = 2.1/(delta L)", tau=2.1)


class LossDecaySharp(Claim):
    """The sharp deterministic constant of Theorem 2.

    Statement: with exact gradients (3.5) holds with ``C = 2 - delta L tau``; in terms of any
    strongly convex mirror map, ``L+ + (1/tau) D_phi^sym - (L/2)|Delta|^2 <= L``.
    Hypotheses: the gradient is L-Lipschitz; the gradient is exact.
    Checked: at every iterate.
    Tight: exactly; equality for J = 0 and a quadratic of curvature L, which is checked as well.
    Source: Theorem 2, (3.5), sharpened; Remark 4.
    """

    id = "19"
    title = "The sharp constant C = 2 - delta L tau"
    kind = Kind.SHARPENED
    section = "3.1"
    source = "Theorem 2, Remark 4, sharpened"
    latex = (
        r"\mathcal L(\theta^{(k+1)})+\tfrac1{\tau}D_J^{sym}"
        r"+\tfrac{2-\delta L\tau}{2\delta\tau}\|\Delta\|^2\le\mathcal L(\theta^{(k)})"
    )
    words = (
        "With exact gradients the loss decays with C = 2 - delta L tau; the inequality serves "
        "every strongly convex mirror map."
    )
    tight = "Exactly: equality for J = 0 and a quadratic with curvature L."
    proof = (
        "Multiplier 1 on (3.3) between theta^k and theta^{k+1}, and nothing else: <grad L, Delta> "
        "= -<v+ - v, Delta>/tau = -D_phi^sym/tau turns (3.3) into L+ <= L - D_phi^sym/tau + "
        "(L/2)|Delta|^2, for any mirror map phi. For the elastic net D_phi^sym = D_J^sym + "
        "|Delta|^2/delta. Nothing is lost, so that equality in (3.3) is equality here; for J = 0 "
        "and curvature L every larger C fails."
    )
    certificates = ("loss-decay", "loss-decay-momentum-weight")
    hypotheses = (STRONGLY_CONVEX_MAP, GRADIENT_RULE, DETERMINISTIC)

    def own_instances(self) -> tuple[Instance, ...]:
        """Return the tight instance."""
        title = "J = 0, L = theta^2/2, tau = 1.5/(delta L): equality"
        return (parabola("tight-decay", title, tau=1.5, attains=(self.id,)),)

    def margins(self, run: Run) -> Margins:
        """Check the inequality, and the equality on the tight instance."""
        lhs, scale = _decay(run, 2.0 - _relative(run)), _scale(run)
        upper = Margins(run.trace.k, lhs, run.transitions.loss, scale, TOLERANCE)
        return attained(self.id, run, upper)

    def negative_instance(self) -> Instance:
        """Return a loss whose gradient has twice the Lipschitz constant that it states."""
        loss = Misstated(np.eye(2), np.array([3.0, -1.0]), lipschitz=0.5)
        return quadratic_instance(
            "understated-L", "A quadratic that states half of its L", loss, tau=1.0,
            theta0=np.zeros(2), J=L1(0.1),
        )  # fmt: skip


class NoiseTerm(Claim):
    """The sharp noise term of Theorem 2.

    Statement: (3.5) holds with coefficient ``2 - delta L tau - c`` and the noise term
    ``phi(c) delta tau sigma^2``, phi(c) = 1 - c/2 for c <= 1 and 1/(2c) for c >= 1; the printed
    1/(2c) follows, as phi(c) <= 1/(2c).
    Hypotheses: unbiased gradients with bounded variance.
    Checked: at every iterate, exact expectations over the atoms of the noise, five values of c.
    Tight: for c <= 1 at J = 0, theta = theta*, for c >= 1 at J = (a/2)|theta|^2 with
    1 + delta a = c, theta = theta* = 0; both are checked. The printed term is loose for c < 1.
    Source: Theorem 2, (3.5), sharpened.
    """

    id = "20"
    title = "The sharp noise term"
    kind = Kind.SHARPENED
    section = "3.1"
    source = "Theorem 2, (3.5), sharpened"
    latex = (
        r"\mathbb E\mathcal L^{+}+\tfrac1\tau\mathbb E D_J^{sym}"
        r"+\tfrac{2-\delta L\tau-c}{2\delta\tau}\mathbb E\|\Delta\|^2\le\mathbb E\mathcal L"
        r"+\varphi(c)\,\delta\tau\sigma^2,\quad"
        r"\varphi(c)=\begin{cases}1-c/2&c\le1\\1/(2c)&c\ge1\end{cases}"
    )
    words = (
        "With C = 2 - delta L tau - c the noise costs phi(c) delta tau sigma^2, which is never "
        "more than the printed delta tau sigma^2/(2 c), and less for c < 1."
    )
    tight = (
        "For c <= 1: equality at J = 0, theta = theta*. For c >= 1 it is the printed term, which "
        "J = (a/2)|theta|^2 with 1 + delta a = c attains."
    )
    proof = (
        "By the proof of claim 18-corrected it is to be shown that X - c V/(2 delta tau) <= "
        "phi(c) delta tau sigma^2 for X = E<-xi, Delta>, V = E|Delta - E Delta|^2 <= E|Delta|^2. "
        "For c >= 1 the difference is c/(2 delta tau) times E|Delta - E Delta + delta tau "
        "xi/c|^2. For c <= 1 it is (1 - c)/(delta tau) times delta tau X - V, which is not "
        "negative, as two independent copies of the step satisfy |theta' - theta''|^2 <= delta "
        "<v' - v'', theta' - theta''>, plus (1 - c/2)/(delta tau) times E|Delta - E Delta + delta "
        "tau xi|^2. Equality at theta* for curvature L: J = 0 if c <= 1, J = (a/2)|theta|^2 with "
        "1 + delta a = c (and theta* = 0) if c >= 1."
    )
    hypotheses = (ELASTIC_NET, GRADIENT_RULE, BOUNDED_VARIANCE, UNBIASED)

    def own_instances(self) -> tuple[Instance, ...]:
        """Return the tight instances: a start at the minimiser, noise +-1, J = 0 or curved."""
        title = "at the minimiser with noise of +-1: equality"
        zero = noisy_parabola(
            "tight-noise", f"J = 0 {title}", 0.75, iterations=1, attains=(self.id,)
        )
        curved = replace(zero, name="tight-noise-curved", title=f"J = theta^2/4 {title} at c = 3/2",
                         phi=ElasticNet(SquaredNorm(0.5), 1.0))  # fmt: skip
        return zero, curved

    def margins(self, run: Run) -> Margins:
        """Check five values of c, and the equality on the tight instances."""
        t, phi_map, parts = run.transitions, run.instance.phi, []
        curved = isinstance(phi_map, ElasticNet) and isinstance(phi_map.J, SquaredNorm)
        for c in (0.0, 0.25, 0.5, 1.0, 1.5):
            phi = 1.0 - c / 2.0 if c <= 1.0 else 1.0 / (2.0 * c)
            noise = phi * run.instance.delta * run.tau * t.variance
            lhs, rhs = _decay(run, 2.0 - _relative(run) - c), t.loss + noise
            upper = Margins(run.trace.k, lhs, rhs, _scale(run) + noise, TOLERANCE)
            # Only the start of a tight instance is at the minimiser; curved is 1 + delta a = 3/2.
            tight = (c == 1.5) if curved else (c <= 1.0)
            parts.append(attained(self.id, run, upper, start_only=True) if tight else upper)
        return joined(*parts)

    def negative_instance(self) -> Instance:
        """Return noise of twice the standard deviation that is stated."""
        noisy = noisy_parabola("louder", "Noise of twice the stated standard deviation", 0.75)
        return replace(noisy, oracle=Quieter(noisy.oracle))


class MonotoneLoss(Claim):
    """Monotone decay and summability without noise.

    Statement: for ``tau <= 2/(delta L)`` the loss never increases and
    ``L_k + sum_{j<k} (1/tau)(Dsym + (2 - delta L tau)/(2 delta)|Delta|^2) <= L_0``, so that the
    sum is at most ``L_0 - inf L``.
    Hypotheses: exact gradients.
    Checked: at every iterate of complete runs, any strongly convex mirror map.
    Tight: the threshold is sharp and the sum attained, J = 0 and a quadratic.
    Source: Remark 4.
    """

    id = "23"
    title = "Without noise the loss decreases monotonically"
    kind = Kind.TRUE_AS_PRINTED
    section = "3.1"
    source = "Remark 4"
    latex = (
        r"\tau\le\tfrac2{\delta L}\Rightarrow\mathcal L(\theta^{(k+1)})\le\mathcal L(\theta^{(k)}),"
        r"\quad\sum_k\tfrac1\tau\Bigl(D_J^{sym}+\tfrac{2-\delta L\tau}{2\delta}\|\Delta\|^2\Bigr)"
        r"\le\mathcal L_0-\inf\mathcal L"
    )
    words = (
        "With exact gradients and steps up to 2/(delta L) the loss never increases, and the "
        "increments divided by tau are summable."
    )
    tight = "The step bound is sharp and the sum is attained for J = 0 and a quadratic."
    proof = (
        "Claim 19 is L_{k+1} + (1/tau_k)(D_J^sym + ((2 - delta L tau_k)/(2 delta))|Delta|^2) <= "
        "L_k, and for tau_k <= 2/(delta L) both terms in the bracket are >= 0: the loss does not "
        "increase. Sum over k and use L_k >= inf L. For J = 0 and curvature L it is an equality, "
        "and theta - theta* is multiplied by 1 - delta L tau, so that beyond 2/(delta L) the loss "
        "grows."
    )
    hypotheses = (STRONGLY_CONVEX_MAP, GRADIENT_RULE, DETERMINISTIC, step_at_most(2.0), EVERY_STEP)

    def own_instances(self) -> tuple[Instance, ...]:
        """Return the tight instance: the sum uses up the whole loss."""
        title = "J = 0, L = theta^2/2, tau = .5/(delta L): the sum is attained"
        return (parabola("tight-sum", title, tau=0.5, attains=(self.id,)),)

    def margins(self, run: Run) -> Margins:
        """Check every decrease and the telescoped sum, and its equality on the tight instance."""
        t = run.transitions
        zero = np.zeros(len(run.tau))
        decrease = Margins(run.trace.k, t.loss_next, t.loss, _scale(run), TOLERANCE)
        terms = _decay(run, zero + 2.0 - _relative(run)) - t.loss_next
        total = t.loss_next + np.cumsum(terms)
        start = np.full_like(total, t.loss[0])
        size = start + np.cumsum(np.abs(terms)) + _rounding_floor(run)
        telescoped = Margins(run.trace.k, total, start, size, TOLERANCE)
        return joined(decrease, attained(self.id, run, telescoped))

    def negative_instance(self) -> Instance:
        """Return a step of 2.1/(delta L)."""
        return parabola("increase", "J = 0, L = theta^2/2, tau = 2.1/(delta L)", tau=2.1)
