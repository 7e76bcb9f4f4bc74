"""Claim 21: which part of Theorem 2 needs unbiased gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from breglab.geometry import L1
from breglab.problems import FiniteNoise, Oracle, Quadratic
from breglab.theory.claim import Claim
from breglab.theory.claims.loss_decay import LossDecay, NoiseTerm
from breglab.theory.hypotheses import BOUNDED_VARIANCE, ELASTIC_NET, GRADIENT_RULE, step_below
from breglab.theory.instance import Instance, Run
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins
from breglab.theory.small import Quieter, quadratic_instance
from breglab.theory.verdict import Verdict


class Biased(Oracle):
    """An oracle with a constant error added to every gradient; its variance is E|g - grad L|^2.

    Parameters
    ----------
    oracle : Oracle
        Unbiased gradients.
    bias : array, shape (n,)
        What is added.
    """

    def __init__(self, oracle: Oracle, bias: Any) -> None:
        super().__init__(oracle.loss)
        self._oracle, self._bias = oracle, np.asarray(bias)

    @property
    def sigma(self) -> float:
        """The root of the mean square error, bias included."""
        return float(np.sqrt(self._oracle.sigma**2 + np.sum(self._bias**2)))

    def sample(self, theta: Any, rng: np.random.Generator) -> Any:
        """Draw a gradient and add the bias."""
        return self._oracle.sample(theta, rng) + self._bias

    def atoms(self, theta: Any) -> tuple[Any, Any]:
        """Return the law with the bias added."""
        probabilities, g = self._oracle.atoms(theta)
        return probabilities, g + self._bias

    def variance(self, theta: Any) -> Any:
        """Return the mean square error."""
        return self._oracle.variance(theta) + np.sum(self._bias**2)


def _instance(name: str, bias: float) -> Instance:
    loss = Quadratic(np.diag([1.0, 0.5]), np.zeros(2))
    noise = FiniteNoise(loss, np.array([[0.2, 0.0], [-0.2, 0.0]]))
    return quadratic_instance(
        name, f"Gradients with the bias {bias:g} in both entries", loss, tau=0.8, J=L1(0.1),
        theta0=np.array([2.0, 1.0]), oracle=Biased(noise, np.full(2, bias)), iterations=30,
    )  # fmt: skip


class BiasedLossDecay(Claim):
    """The printed noise term of Theorem 2 does not need unbiased gradients.

    Statement: (3.5) holds with ``C = 2 - delta L tau - c`` and ``tau delta s^2/(2c)`` whenever
    ``E|g - grad L|^2 <= s^2``, also for gradients with a bias.
    Hypotheses: ``sup tau < 2/(delta L)``, a bounded mean square error of the gradients.
    Checked: as claim 18-corrected, with biased gradients.
    Tight: the sharper noise term of claim 20 does need unbiased gradients, see 21-sharp.
    Source: Theorem 2, proof.
    """

    id = "21"
    title = "Loss decay with biased gradients"
    kind = Kind.SHARPENED
    section = "3.1"
    source = "Theorem 2, its proof"
    latex = LossDecay.latex
    words = (
        "The loss decays as in claim 18-corrected also for biased gradients, if their mean "
        "square error is at most sigma^2."
    )
    tight = (
        "The proof uses Young's inequality only; the noise term of claim 20 does need unbiased "
        "gradients."
    )
    proof = (
        "In the proof of claim 18-corrected Young's inequality -<xi, Delta> <= c |Delta|^2/(2 "
        "delta tau) + delta tau |xi|^2/(2c) holds for every value of xi = g - grad L; only "
        "E|xi|^2 <= s^2 is used after it, and E xi = 0 nowhere."
    )
    hypotheses = (ELASTIC_NET, GRADIENT_RULE, BOUNDED_VARIANCE, step_below(2.0))
    on_common = False

    def own_instances(self) -> tuple[Instance, ...]:
        """Return gradients with a small and with a large bias."""
        return _instance("bias", 0.1), _instance("large bias", 1.0)

    def margins(self, run: Run) -> Margins:
        """Check (3.5) with the mean square error in the place of the variance."""
        return LossDecay().margins(run)

    def negative_instance(self) -> Instance:
        """Return noise at the minimiser that states a quarter of its mean square error."""
        loss = Quadratic(np.eye(1), np.zeros(1))
        noise = Quieter(Biased(FiniteNoise(loss, np.array([[1.0], [-1.0]])), [0.1]))
        return quadratic_instance("quiet bias", "Noise with bias, understated", loss, tau=1.0,
                                  theta0=np.zeros(1), oracle=noise, iterations=3)  # fmt: skip


class BiasedNoiseTerm(Claim):
    """The sharp noise term does need unbiased gradients.

    Statement: claim 20, with its noise term phi(c) delta tau s^2 for c < 1, holds for gradients
    with a bias, too.
    Hypotheses: a bounded mean square error of the gradients.
    Checked: as claim 20, with and without a bias.
    Tight: fails with a bias: a constant error b has ``E<-xi, Delta> = delta tau (<b, grad L> +
    |b|^2)`` for J = 0, without any bound by |b|^2 alone.
    Source: not in the paper.
    """

    id = "21-sharp"
    title = "The sharp noise term with biased gradients"
    kind = Kind.BEYOND
    section = "3.1"
    source = "beyond the paper; Theorem 2"
    latex = NoiseTerm.latex
    words = (
        "One might expect that the noise term phi(c) delta tau sigma^2 of claim 20 is valid for "
        "biased gradients too."
    )
    tight = (
        "Fails for c < 1: with a constant error b and J = 0 a term delta tau <b, grad L> "
        "appears, which sigma does not bound."
    )
    proof = (
        "Take J = 0, delta = 1, L = theta^2/2, theta = 1, tau = 1/2, c = 0 and the constant error "
        "b = 1/10, so that s^2 = 1/100. Then Delta = -tau (1 + b) = -.55, L+ = .45^2/2 = .10125, "
        "D_J^sym = 0, and the left side is .10125 + 1.5 * .55^2 = .555, the right side .5 + tau "
        "b^2 = .505. The excess .05 is tau b grad L, which grows with grad L while s stays. Where "
        "E xi = 0 this product vanishes in expectation."
    )
    expected = Verdict.VIOLATED
    hypotheses = (ELASTIC_NET, GRADIENT_RULE, BOUNDED_VARIANCE)
    on_common = False

    def own_instances(self) -> tuple[Instance, ...]:
        """Return the instance without and with a bias."""
        return _instance("no bias", 0.0), self.negative_instance()

    def margins(self, run: Run) -> Margins:
        """Check claim 20."""
        return NoiseTerm().margins(run)

    def negative_instance(self) -> Instance:
        """Return gradients with a bias."""
        return _instance("sharp bias", 0.1)
