"""Claims 49 to 52: variances, densities and symmetry of the sparse initialisation."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from breglab.theory.exact import Vec, vector
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, identity, joined
from breglab.theory.rational import equal
from breglab.theory.statement import Statement
from breglab.theory.verdict import Verdict

F = Fraction
Alpha = Callable[[int, int], Fraction]


def _product(n: int, m: int) -> Fraction:
    """Return the variance that is printed."""
    return F(2, n * m)


def _sum(n: int, m: int) -> Fraction:
    """Return the variance of Glorot and Bengio."""
    return F(2, n + m)


class GlorotPrinted(Statement):
    """The variance of Glorot and Bengio as printed.

    Statement: ``alpha(n_l, n_{l-1}) = 2/(n_l n_{l-1})`` preserves variances forwards and
    backwards in layers of equal width.
    Hypotheses: linear regime, ``n_l = n_{l-1} = n``.
    Checked: in rational arithmetic, the factor ``n alpha`` of the variance of the signal is one.
    Tight: true for n = 2 alone; for n = 100 the factor is 1/50. Glorot and Bengio have
    ``2/(n_l + n_{l-1})``.
    Source: Sec. 4.1, below (4.1).
    """

    id = "49"
    title = "The variance for anti-symmetric activations"
    kind = Kind.FALSE_AS_PRINTED
    section = "4.1"
    source = "Sec. 4.1, below (4.1)"
    latex = r"\alpha(n_l,n_{l-1})=\frac{2}{n_l\cdot n_{l-1}}"
    words = (
        "For anti-symmetric activations with sigma'(0) = 1 the variance is alpha = 2/(n_l n_{l-1})."
    )
    tight = (
        "Fails unless the widths are 2: for width 100 a layer shrinks the variance by the factor "
        "50. Glorot and Bengio have the sum of the widths."
    )
    proof = (
        "A layer y = W x with independent entries of mean zero and variance alpha multiplies the "
        "variance of the signal by n_{l-1} alpha forwards and by n_l alpha backwards. For both "
        "widths n this is n * 2/n^2 = 2/n, which is one for n = 2 only; for n = 100 it is 1/50."
    )
    expected = Verdict.VIOLATED
    negative_title = "The product of the widths, for width 100: a layer divides the variance by 50"
    counterexample = "width 100"

    def cases(self) -> Mapping[str, tuple[Alpha, tuple[int, int]]]:
        """Return the formula with widths."""
        return {"width 2": (_product, (2, 2)), "width 100": self.negative_case()}

    def negative_case(self) -> tuple[Alpha, tuple[int, int]]:
        """Return the product for the width 100."""
        return _product, (100, 100)

    def evaluate(self, case: tuple[Alpha, tuple[int, int]]) -> Margins:
        """Average the factors of the variance forwards and backwards."""
        alpha, (n, m) = case
        return equal([F(n + m, 2) * alpha(n, m)], [1])


class Glorot(GlorotPrinted):
    """The variance of Glorot and Bengio.

    Statement: ``alpha = 2/(n_l + n_{l-1})`` is the compromise between ``n_{l-1} alpha = 1``
    (forwards) and ``n_l alpha = 1`` (backwards): the mean of the two factors is one.
    Hypotheses: linear regime.
    Checked: in rational arithmetic for several widths.
    Tight: both factors are one for equal widths.
    Source: Sec. 4.1, below (4.1), corrected; Glorot and Bengio 2010, (12).
    """

    id = "49-corrected"
    title = "The variance of Glorot and Bengio"
    kind = Kind.CORRECTED
    source = "Sec. 4.1, below (4.1), corrected"
    latex = r"\alpha(n_l,n_{l-1})=\frac{2}{n_l+n_{l-1}}"
    words = (
        "With alpha = 2/(n_l + n_{l-1}) the mean of the forward and the backward factor of the "
        "variance is one."
    )
    tight = "Both factors are one for equal widths."
    proof = (
        "The factors are n_{l-1} alpha forwards and n_l alpha backwards, with the mean ((n_l + "
        "n_{l-1})/2) alpha, which is one exactly for alpha = 2/(n_l + n_{l-1}). For equal widths "
        "both are one."
    )
    expected = Verdict.HOLDS

    def cases(self) -> Mapping[str, tuple[Alpha, tuple[int, int]]]:
        """Return the formula with widths."""
        widths = ((2, 2), (100, 100), (200, 80), (784, 10))
        return {f"widths {n} and {m}": (_sum, (n, m)) for n, m in widths}


@dataclass(frozen=True)
class Masked:
    """Weights of a finite law, masked with probability 1 - r."""

    values: Vec
    probabilities: Vec
    r: Fraction

    def law(self) -> list[tuple[Fraction, Fraction]]:
        """Return the values of W = W~ M with their probabilities."""
        kept = [(x, p * self.r) for x, p in zip(self.values, self.probabilities, strict=True)]
        return [*kept, (F(0), 1 - self.r)]


class MaskedVariance(Statement):
    """Masking scales the variance, and r is the expected density.

    Statement: for independent W~ and M ~ B(r) with ``E W~ = 0``, ``Var W = r Var W~``, and the
    expected density of W = W~ M is r.
    Hypotheses: ``E W~ = 0``; for the density also ``P(W~ = 0) = 0``, which is not stated.
    Checked: in rational arithmetic for laws with finitely many values.
    Tight: an identity; for laws with an atom at zero the density is smaller.
    Source: (4.2), (4.3).
    """

    id = "50"
    title = "Variance and density of masked weights"
    kind = Kind.UNSTATED_CONDITION
    section = "4.1"
    source = "(4.2), (4.3)"
    latex = (
        r"\operatorname{Var}[W]=r\operatorname{Var}[\widetilde W],\quad"
        r"\mathbb E\,N(W)=r"
    )
    words = (
        "For E W~ = 0 the masked weights have the variance r Var W~, and their expected density "
        "is r."
    )
    tight = (
        "Identities; the density needs weights W~ that are almost surely not zero, which is not "
        "stated."
    )
    proof = (
        "W = W~ M with M independent of W~ and M^2 = M: E W = r E W~ = 0 and E W^2 = E W~^2 E M = "
        "r Var W~. W is not zero exactly if neither W~ nor M is, so that each entry counts with "
        "probability r P(W~ not 0): the expected density is r if W~ is almost surely not zero. An "
        "atom of probability 1/2 at zero makes it r/2."
    )
    negative_title = "A law of weights with an atom at zero: the density is half of r"

    def cases(self) -> Mapping[str, Masked]:
        """Return laws with mean zero."""
        skewed = Masked(vector(-1, 2), vector("2/3", "1/3"), F(1, 100))
        signs = Masked(vector(-1, 1), vector("1/2", "1/2"), F(1, 3))
        return {"signs": signs, "skewed": skewed}

    def negative_case(self) -> Masked:
        """Return a law with an atom at zero."""
        return Masked(vector(-1, 0, 1), vector("1/4", "1/2", "1/4"), F(1, 3))

    def evaluate(self, case: Masked) -> Margins:
        """Compare variances and densities."""
        before = list(zip(case.values, case.probabilities, strict=True))
        variances = [
            sum((p * x * x for x, p in law), F(0)) - sum((p * x for x, p in law), F(0)) ** 2
            for law in (case.law(), before)
        ]
        density = sum((p for x, p in case.law() if x != 0), F(0))
        return equal([variances[0], density], [case.r * variances[1], case.r])


Activation = Callable[[float], float]


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def _leaky(x: float) -> float:
    return x if x > 0 else 0.1 * x


class ActivationsPrinted(Statement):
    """The examples of activation functions.

    Statement: ``sigma(x) = 0`` if and only if x = 0, "e.g., TanH, Sigmoid, or Leaky ReLU"; and
    sigmoidal functions are anti-symmetric with ``sigma'(0) = 1``.
    Hypotheses: "sigmoid" read as the logistic function; the second part for smooth functions.
    Checked: by evaluation at 0 and at 1/10, 1/2, 1 and 3 with both signs, where a value below 1e-9
    counts as zero; the slope to 1e-9 by a central difference.
    Tight: fails for the logistic function, ``sigma(0) = 1/2``, ``sigma'(0) = 1/4``, no zero at
    all; tanh is meant.
    Source: Sec. 4.1, below (4.1) and last paragraph.
    """

    id = "51"
    title = "Examples of activation functions"
    kind = Kind.IMPRECISE
    section = "4.1"
    source = "Sec. 4.1"
    latex = r"\sigma(0)=0,\quad\sigma(-x)=-\sigma(x),\quad\sigma'(0)=1"
    words = (
        "TanH, Sigmoid and Leaky ReLU vanish exactly at zero; sigmoidal functions are "
        "anti-symmetric with sigma'(0) = 1."
    )
    tight = (
        "Fails for the logistic function: sigma(0) = 1/2, sigma'(0) = 1/4. True for tanh, which "
        "is meant."
    )
    proof = (
        "For the logistic function s(x) = 1/(1 + exp(-x)) it is s(0) = 1/2, s > 0 everywhere, "
        "s(-x) = 1 - s(x) and s' = s (1 - s), thus s'(0) = 1/4. What vanishes at zero alone, is "
        "anti-symmetric and has the slope one there is tanh(x) = 2 s(2x) - 1."
    )
    expected = Verdict.VIOLATED
    negative_title = "The logistic function, which is 1/2 at zero and has slope 1/4 there"
    counterexample = "logistic"

    def cases(self) -> Mapping[str, tuple[Activation, bool]]:
        """Return activation functions, and whether the second part is claimed."""
        return {
            "tanh": (math.tanh, True),
            "leaky ReLU": (_leaky, False),
            "logistic": self.negative_case(),
        }

    def negative_case(self) -> tuple[Activation, bool]:
        """Return the logistic function."""
        return _logistic, True

    def evaluate(self, case: tuple[Activation, bool]) -> Margins:
        """Evaluate the properties."""
        sigma, smooth = case
        x = np.array([0.1, 0.5, 1.0, 3.0])
        at_x, at_minus = (np.array([sigma(float(t)) for t in s * x]) for s in (1.0, -1.0))
        k, one = np.arange(len(x)), np.ones(len(x))
        zero = identity(np.arange(1), np.array([sigma(0.0)]), np.ones(1), 1e-15)
        away = Margins(k, 1e-9 * one, np.minimum(np.abs(at_x), np.abs(at_minus)), one, 0.0)
        if not smooth:
            return joined(zero, away)
        width = 1e-5  # a third of its square, 3e-11, is the error of the central difference
        slope = np.array([abs((sigma(width) - sigma(-width)) / (2.0 * width) - 1.0)])
        unit = Margins(np.arange(1), slope, np.full(1, 1e-9), np.ones(1), 0.0)
        return joined(zero, away, identity(k, at_x + at_minus, one, 1e-15), unit)


class Activations(ActivationsPrinted):
    """Activation functions that vanish at zero alone.

    Statement: tanh and leaky ReLU vanish at zero alone; tanh is anti-symmetric with
    ``sigma'(0) = 1``.
    Hypotheses: none.
    Checked: by evaluation, as claim 51.
    Tight: does not apply.
    Source: Sec. 4.1, corrected.
    """

    id = "51-corrected"
    title = "Activation functions that vanish at zero alone"
    kind = Kind.CORRECTED
    source = "Sec. 4.1, corrected"
    words = (
        "Tanh vanishes exactly at zero and is anti-symmetric with sigma'(0) = 1; leaky ReLU "
        "vanishes exactly at zero."
    )
    tight = "Does not apply."
    proof = (
        "tanh is odd and tanh' = 1 - tanh^2 > 0, so that it increases through its only zero, with "
        "tanh'(0) = 1. Leaky ReLU is x for x > 0 and a positive multiple of x for x < 0, so that "
        "zero is its only zero."
    )
    expected = Verdict.HOLDS

    def cases(self) -> Mapping[str, tuple[Activation, bool]]:
        """Return tanh and leaky ReLU."""
        return {"tanh": (math.tanh, True), "leaky ReLU": (_leaky, False)}


@dataclass(frozen=True)
class DeadNeurons:
    """Two neurons with zero weights and biases: outgoing weights a, and sigma'(0)."""

    a: Vec
    slope: Fraction

    def gradient(self) -> Vec:
        """Return the gradient of (f - 1)^2/2, f = sum a_i sigma(w_i x), x = 1, at w = 0."""
        return tuple(-self.slope * a for a in self.a)


class UnbreakableSymmetry(Statement):
    """Zero biases on dead neurons make an unbreakable symmetry.

    Statement: read literally, two neurons with zero incoming weights and zero biases get equal
    gradients.
    Hypotheses: one hidden layer, a linear output.
    Checked: in rational arithmetic.
    Tight: fails for ``sigma'(0) != 0`` when the outgoing weights differ; true when they agree.
    Source: Sec. 4.1, paragraph on biases.
    """

    id = "52"
    title = "Zero biases make an unbreakable symmetry"
    kind = Kind.IMPRECISE
    section = "4.1"
    source = "Sec. 4.1, paragraph on biases"
    latex = r"w_1=w_2=0,\ b_1=b_2=0\ \Rightarrow\ \nabla_{w_1}\mathcal L=\nabla_{w_2}\mathcal L"
    words = "Zero biases on neurons with zero incoming weights make an unbreakable symmetry."
    tight = (
        "Fails for tanh when the outgoing weights differ: with 1/2 and -1/5 the gradients of the "
        "incoming weights differ."
    )
    proof = (
        "f = a_1 sigma(w_1 x + b_1) + a_2 sigma(w_2 x + b_2) with w = b = 0 and x = 1: the "
        "derivative of (f - 1)^2/2 by w_i is (f - 1) a_i sigma'(0) = -a_i for tanh, which is -1/2 "
        "and 1/5 for a = (1/2, -1/5). One step makes the two neurons different; only equal "
        "outgoing weights, a_1 = a_2, keep them equal."
    )
    expected = Verdict.VIOLATED
    negative_title = (
        "Tanh with the outgoing weights 1/2 and -1/5: the gradients of the two neurons differ"
    )
    counterexample = "different"

    def cases(self) -> Mapping[str, DeadNeurons]:
        """Return tanh with equal and with different outgoing weights."""
        equal_weights = DeadNeurons(vector("1/2", "1/2"), F(1))
        return {"equal outgoing weights": equal_weights, "different": self.negative_case()}

    def negative_case(self) -> DeadNeurons:
        """Return tanh with outgoing weights 1/2 and -1/5."""
        return DeadNeurons(vector("1/2", "-1/5"), F(1))

    def evaluate(self, case: DeadNeurons) -> Margins:
        """Compare the gradients of the two neurons."""
        first, second = case.gradient()
        return equal([first], [second])


class FrozenNeurons(Statement):
    """Dead neurons with a vanishing derivative at zero stay dead.

    Statement: if ``sigma'(0) = 0`` (ReLU by the usual convention), neurons with zero incoming
    weights and zero biases get no gradient, whatever their outgoing weights.
    Hypotheses: one hidden layer, a linear output.
    Checked: in rational arithmetic.
    Tight: fails for tanh.
    Source: Sec. 4.1, paragraph on biases, corrected.
    """

    id = "52-corrected"
    title = "Dead neurons of ReLU networks stay dead"
    kind = Kind.CORRECTED
    section = "4.1"
    source = "Sec. 4.1, paragraph on biases, corrected"
    latex = r"\sigma'(0)=0,\ w=0,\ b=0\ \Rightarrow\ \nabla_w\mathcal L=0"
    words = (
        "If sigma'(0) = 0, as for ReLU by convention, neurons with zero incoming weights and "
        "zero biases get no gradient."
    )
    tight = "Needs sigma'(0) = 0."
    proof = (
        "By the chain rule the derivative by the incoming weights of neuron i is (f - 1) a_i "
        "sigma'(w_i x + b_i) x, and by its bias the same without x. At w_i = b_i = 0 both contain "
        "the factor sigma'(0) = 0, whatever a_i is, so that gradient steps change nothing."
    )
    negative_title = "Tanh in the place of ReLU: its slope at zero is one"

    def cases(self) -> Mapping[str, DeadNeurons]:
        """Return ReLU with different outgoing weights."""
        return {"ReLU": DeadNeurons(vector("1/2", "-1/5"), F(0))}

    def negative_case(self) -> DeadNeurons:
        """Return tanh."""
        return DeadNeurons(vector("1/2", "-1/5"), F(1))

    def evaluate(self, case: DeadNeurons) -> Margins:
        """Compare the gradients with zero."""
        return equal(case.gradient(), [0, 0])
