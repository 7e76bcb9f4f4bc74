"""The saved certificates: proofs in rational numbers, checked again without any solver."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from breglab.theory.certificates import Certificate, catalogue, saved_text
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, joined
from breglab.theory.rational import at_most, equal
from breglab.theory.statement import Statement

F = Fraction
Numbers = Mapping[str, Fraction]


@dataclass(frozen=True)
class Kept:
    """A saved certificate, which has yet to be read, and what it is said to prove.

    Attributes
    ----------
    name : str
        Its name; the catalogue has the statement under it.
    text : str
        The JSON text.
    claimed : Fraction
        The closed form of the bound.
    exact : bool
        Whether the bound is the closed form, or only at most as large.
    """

    name: str
    text: str
    claimed: Fraction
    exact: bool


class Certified(Statement):
    """A family of saved certificates.

    What does not read, does not pass the checker, or is a proof of something else is violated.
    Subclasses name the certificates and implement `closed_form`.
    """

    kind = Kind.BEYOND
    exact: ClassVar[tuple[str, ...]] = ()
    """The certificates whose bound is the closed form; the others have a smaller one."""

    def closed_form(self, steps: int, lhs: Numbers, p: Numbers) -> Fraction:
        """Return the bound that is claimed for so many steps, left side and parameters."""
        raise NotImplementedError

    def cases(self) -> Mapping[str, Kept]:
        """Return the saved certificates."""
        return {name: self._kept(name) for name in self.certificates}

    def negative_case(self) -> Kept:
        """Return the first certificate with one multiplier enlarged by a millionth."""
        kept = self._kept(self.certificates[0])
        document = json.loads(kept.text)
        name, weight = next(iter(document["multipliers"].items()))
        document["multipliers"][name] = str(F(weight) * (1 + F(1, 10**6)))
        return Kept(kept.name, json.dumps(document), kept.claimed, kept.exact)

    def evaluate(self, case: Kept) -> Margins:
        """Count what the checker refuses, and compare the bound with the closed form."""
        try:
            certificate = Certificate.from_json(case.text)
            certificate.verify()
        except ValueError:
            return at_most([1], [0])
        other = certificate.statement != catalogue()[case.name].statement
        compare = equal if case.exact else at_most
        return joined(at_most([int(other)], [0]), compare([certificate.bound], [case.claimed]))

    def _kept(self, name: str) -> Kept:
        statement = catalogue()[name].statement
        claimed = self.closed_form(statement.steps, statement.lhs, statement.parameters)
        return Kept(name, saved_text(name), claimed, name in self.exact)


_TIGHT = "The bound is the closed form itself; a smaller one has no certificate."
_HOW = (
    "The multipliers are those that the certificates show: added up with them, the inequalities of "
    "the class leave a positive semidefinite form in theta, v and the gradients, in which no "
    "function value is left. A form that is positive semidefinite is not negative for any vectors, "
    "in every Hilbert space. "
)


class LossDecayCertified(Certified):
    """Theorem 2 without noise, by exact certificates.

    Statement: ``L+ + (1/t) D_phi^sym <= L + (L/2)|Delta|^2`` for a step of length t, for every
    mirror map: (3.5) with C = 2 - delta L tau. With momentum from rest t = (1 - beta) tau.
    Hypotheses: the loss satisfies (3.3).
    Checked: two saved certificates by the independent checker, in fractions.
    Tight: exactly (claim 19).
    Source: Theorem 2, sharpened.
    """

    id = "19-certified"
    title = "Certificates: the constant 2 - delta L tau"
    section = "3.1"
    source = "Theorem 2, sharpened, by certificates"
    latex = r"\mathcal L^++\tfrac1\tau D_\varphi^{sym}-\mathcal L\le\tfrac L2\|\Delta\|^2"
    words = (
        "L+ + (1/tau) D_phi^sym <= L + (L/2)|Delta|^2 for every mirror map; with momentum the "
        "first step has the length (1 - beta) tau."
    )
    tight = _TIGHT
    proof = _HOW + "Here (3.3) alone with the multiplier 1 leaves the zero form."
    certificates = ("loss-decay", "loss-decay-momentum-weight")
    exact = certificates

    def closed_form(self, steps: int, lhs: Numbers, p: Numbers) -> Fraction:
        """Return L/2, if the weight of the symmetric distance is one over the step."""
        if lhs["symmetric 0"] * (1 - p["beta"]) * p["tau"] != 1:
            raise ValueError("the weight of D^sym must be one over the length of the step")
        return p["L"] / 2


class NormDecayCertified(Certified):
    """(3.8) without noise, by exact certificates.

    Statement: ``d_1 - d_0 <= -(mu tau/4)|e_1|^2`` for mu/L = 1/4 at the end of the printed range,
    tau = mu/(2 delta L^2), and for mu/L = 2/3, 1/4, 1/10 at delta L tau = 1.791, 1.898, 1.954,
    which are the ends of the exact range, rounded down.
    Hypotheses: Assumptions 1, 3, 4, exact gradients.
    Checked: four saved certificates by the independent checker, in fractions.
    Tight: up to the rounding of the step (claim 34).
    Source: Theorem 6, (3.8), sharpened.
    """

    id = "34-certified"
    title = "Certificates: the range of steps of (3.8)"
    section = "3.2"
    source = "Theorem 6, (3.8), by certificates"
    latex = (
        r"d_1-d_0\le-\tfrac{\mu\tau}4\|e_1\|^2,\quad(\kappa,\delta L\tau)\in"
        r"\{(\tfrac14,\tfrac18),(\tfrac23,1.791),(\tfrac14,1.898),(\tfrac1{10},1.954)\}"
    )
    words = (
        "(3.8) without noise for mu/L = 1/4 at the printed step, and for mu/L = 2/3, 1/4, 1/10 at "
        "delta L tau = 1.791, 1.898, 1.954."
    )
    tight = "Up to rounding: the exact ranges end at 1.79129, 1.89898 and 1.95445."
    proof = _HOW + (
        "At the long steps these are both interpolation inequalities between theta* and theta^0 "
        "and both convexity inequalities of phi between theta^0 and theta^1, as in claim 34."
    )
    certificates = (
        "norm-decay-printed-range",
        "norm-decay-two-thirds",
        "norm-decay-quarter",
        "norm-decay-tenth",
    )
    exact = certificates

    def closed_form(self, steps: int, lhs: Numbers, p: Numbers) -> Fraction:
        """Return -mu tau/4."""
        return -p["mu"] * p["tau"] / 4


class DistanceDecayCertified(Certified):
    """The sharp one-step rates behind Theorem 6 and Remark 8, by exact certificates.

    Statement: ``d_1 - d_0 <= -tau rho |e_0|^2``, rho = min(mu (1 - delta tau mu/2), L (1 - delta
    tau L/2)), and for mu = 0 ``d_1 - d_0 <= -(tau/L - delta tau^2/2)|grad L|^2``.
    Hypotheses: Assumptions 1, 3, 4, or convexity; exact gradients.
    Checked: four saved certificates by the independent checker, in fractions.
    Tight: exactly (claims 35 and 37).
    Source: Theorem 6 and Remark 8, sharpened.
    """

    id = "35-certified"
    title = "Certificates: the decay of the distance"
    section = "3.2"
    source = "Theorem 6 and Remark 8, sharpened, by certificates"
    latex = (
        r"d_1-d_0\le-\tau\rho\,\|e_0\|^2,\quad "
        r"d_1-d_0\le-\bigl(\tfrac\tau L-\tfrac{\delta\tau^2}2\bigr)\|\nabla\mathcal L\|^2"
    )
    words = (
        "The rates of claims 35 and 37 without noise, for a small, a large and a scaled step, and "
        "for convex losses."
    )
    tight = _TIGHT
    proof = _HOW + (
        "Here these are the two interpolation inequalities between theta* and theta^0 with one "
        "weight and the convexity of phi between theta^1 and theta^0 with the weight 1, as in "
        "claims 35 and 37."
    )
    certificates = (
        "distance-decay-small-steps",
        "distance-decay-large-steps",
        "distance-decay-scaled",
        "distance-decreases",
    )
    exact = certificates

    def closed_form(self, steps: int, lhs: Numbers, p: Numbers) -> Fraction:
        """Return -tau rho, or for mu = 0 the coefficient of the squared gradient."""
        tau, delta, mu, L = p["tau"], p["delta"], p["mu"], p["L"]
        if mu == 0:
            return -(tau / L - delta * tau**2 / 2)
        return -tau * min(mu * (1 - delta * tau * mu / 2), L * (1 - delta * tau * L / 2))


def _root_below(x: Fraction) -> Fraction:
    """Return a number below sqrt(x) by at most 1e-12, or the root if it is so simple."""
    return F(math.isqrt(x.numerator * 10**24 // x.denominator), 10**12)


class BregmanRateCertified(Certified):
    """The linear rate of Theorem 11, by exact certificates.

    Statement: without noise ``d_N <= f^N d_0`` with the factor ``f = R(tau)`` of claim 44-refined
    for ``tau <= 1/(delta L)`` and ``f = 1 - tau nu (2 - delta L tau)`` of claim 44-long beyond.
    Hypotheses: convex losses with L-Lipschitz gradient, Assumption 5 between theta* and the
    iterates, and for the certificates ``rate-full`` also between the iterates.
    Checked: nine saved certificates by the independent checker, in fractions.
    Tight: three bounds are the closed forms; six are smaller, 1e-4 above the worst case.
    Source: Theorem 11, (3.10), sharpened.
    """

    id = "44-certified"
    title = "Certificates: the linear rate of Theorem 11"
    section = "3.2"
    source = "Theorem 11, (3.10), by certificates"
    latex = (
        r"d_N\le f^Nd_0,\quad f=R(\tau)\ (\delta L\tau\le1),\quad "
        r"f=1-\tau\nu(2-\delta L\tau)\ (\delta L\tau\ge1)"
    )
    words = (
        "Without noise d_N <= f^N d_0 with the factors f of claims 44-refined and 44-long, for one "
        "step and for two, and with smaller ones where (3.7) is used at more points."
    )
    tight = (
        "Three bounds are the closed forms. Six are 1e-4 above the semidefinite worst case and "
        "smaller than the closed form: .716, .461, .898 with (3.7) at theta*, .649, .547 with "
        "(3.7) at all pairs, .265 for two steps."
    )
    proof = _HOW + (
        "With (3.7) between theta* and theta^0, the gradient bound there and the convexity of phi "
        "between theta^1 and theta^0 these are the proofs of claims 44, 44-refined and 44-long; "
        "(3.7) at theta^1 as well makes the bounds smaller."
    )
    certificates = (
        "rate-sharp",
        "rate-refined",
        "rate-sharp-large-step",
        "rate-one-point",
        "rate-one-point-longer-step",
        "rate-one-point-weak",
        "rate-full",
        "rate-full-large-step",
        "rate-two-steps",
    )
    exact = certificates[:3]

    def closed_form(self, steps: int, lhs: Numbers, p: Numbers) -> Fraction:
        """Return the factor of claim 44-refined, rounded down, or of claim 44-long."""
        tau, nu, smooth = p["tau"], p["nu"], p["delta"] * p["L"]
        relative = smooth * tau
        if relative >= 1:
            return F((1 - tau * nu * (2 - relative)) ** steps)
        # R(tau) with (1 - q)^2 = 2 - nu/(delta L) - 2 q, q the root of 1 - nu/(delta L).
        room = 2 - nu / smooth - 2 * _root_below(1 - nu / smooth)
        return F((1 - tau * nu - tau * (1 - relative) * smooth * room) ** steps)


class ConvexRateCertified(Certified):
    """The rate 1/N, by exact certificates.

    Statement: ``L(theta^N) - L* <= d_0/(N tau)`` at tau = 1/(delta L) for N = 1, 2, 3.
    Hypotheses: convex losses with L-Lipschitz gradient, exact gradients.
    Checked: three saved certificates by the independent checker, in fractions.
    Tight: the bounds .387, .252, .189 are 1e-4 above the worst cases.
    Source: not in the paper.
    """

    id = "X5-certified"
    title = "Certificates: the rate 1/N"
    source = "beyond the paper; by certificates"
    latex = r"\mathcal L(\theta^{(N)})-\mathcal L^*\le\frac{d_0}{N\tau},\quad N=1,2,3"
    words = "L(theta^N) - L* <= d_0/(N tau) at tau = 1/(delta L), for one, two and three steps."
    tight = "The certified bounds .3871, .2516 and .1891 are 1e-4 above the worst cases."
    proof = _HOW + (
        "The proof of claim X5 is one such sum; these are the best ones, which use interpolation "
        "inequalities between all pairs of theta*, theta^0, ..., theta^N."
    )
    certificates = (
        "convex-rate-one-step",
        "convex-rate-two-steps",
        "convex-rate-three-steps",
    )

    def closed_form(self, steps: int, lhs: Numbers, p: Numbers) -> Fraction:
        """Return 1/(N tau)."""
        return 1 / (steps * p["tau"])


class MomentumCertified(Certified):
    """Two steps with momentum, by exact certificates.

    Statement: for beta = 1/2 and tau = 1/(delta L), from rest, ``L(theta^2) - L* <= d_0/(2 tau)``
    and ``L(theta^2) - L(theta^1) <= d_0/(250 tau)``: the second step may raise the loss (claim X1),
    but not by more.
    Hypotheses: convex losses with L-Lipschitz gradient, exact gradients.
    Checked: two saved certificates by the independent checker, in fractions.
    Tight: the bounds .3388 and .0038 are 1e-4 above the worst cases.
    Source: not in the paper.
    """

    id = "X1-certified"
    title = "Certificates: two steps with momentum"
    section = "2.3"
    source = "beyond the paper; Algorithm 2, by certificates"
    latex = (
        r"\mathcal L(\theta^{(2)})-\mathcal L^*\le\frac{d_0}{2\tau},\quad"
        r"\mathcal L(\theta^{(2)})-\mathcal L(\theta^{(1)})\le\frac{d_0}{250\,\tau}"
    )
    words = (
        "For beta = 1/2, tau = 1/(delta L) and convex losses, after two steps with momentum "
        "L(theta^2) - L* <= d_0/(2 tau), and the second step raises the loss by at most "
        "d_0/(250 tau)."
    )
    tight = (
        "The certified bounds .3388 and .0038 are 1e-4 above the worst cases: the second step does "
        "raise the loss in some problem."
    )
    proof = _HOW + (
        "The class is that of claim X5, with v^1 = v^0 - tau g^0/2 and v^2 = v^0 - tau (3 g^0/4 + "
        "g^1/2)."
    )
    certificates = ("momentum-two-steps", "momentum-increase")

    def closed_form(self, steps: int, lhs: Numbers, p: Numbers) -> Fraction:
        """Return 1/(2 tau) for the loss, 1/(250 tau) for its increase."""
        return 1 / ((250 if "loss 1" in lhs else steps) * p["tau"])
