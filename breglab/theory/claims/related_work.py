"""Claims 5 and 6: proximal gradient descent beside linearized Bregman iterations."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from breglab.theory.exact import RationalProblem, Vec, exact_run, vector
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, joined
from breglab.theory.rational import at_most
from breglab.theory.statement import Statement
from breglab.theory.verdict import Verdict

HALF = Fraction(1, 2)


def proximal_gradient(theta: Vec, center: Vec, tau: Fraction) -> Vec:
    """Return one step of (1.5) for L = |theta - center|^2/2 and J = |.|_1."""
    moved = [x - tau * (x - c) for x, c in zip(theta, center, strict=True)]
    return tuple(max(abs(x) - tau, Fraction(0)) * (1 if x > 0 else -1) for x in moved)


class InstantlyDense(Statement):
    """Any method for the penalised problem makes the parameters dense at once.

    Statement: read literally, after one step of proximal gradient descent from zero no entry is
    zero.
    Hypotheses: L = |theta - b|^2/2, J = |.|_1, tau = 1/2.
    Checked: in rational arithmetic, number of zeros after the first and the fiftieth step.
    Tight: fails; with b = (3, 1/2) the second entry stays zero for ever.
    Source: sentence on dense-to-sparse training, Sec. 1.2.
    """

    id = "5"
    title = "Methods for the penalised problem are dense at once"
    kind = Kind.IMPRECISE
    section = "1.2"
    source = "Sec. 1.2, dense-to-sparse training"
    latex = r"\theta^{(0)}=0\ \Rightarrow\ \theta^{(1)}_i\ne0\ \forall i"
    words = (
        "Any optimisation method for the penalised problem (1.4) makes sparse parameters dense "
        "at once."
    )
    tight = (
        "Fails for proximal gradient descent with L = |theta - b|^2/2, b = (3, 1/2), lam = 1: "
        "the second entry never leaves zero."
    )
    proof = (
        "The gradient of |theta - b|^2/2 at theta_2 = 0 is -1/2, so that the second entry after a "
        "step is the soft shrinkage of tau/2 by lam tau = tau, which is 0. By induction it is 0 "
        "for every k and every tau > 0: with 1/2 <= lam the entry is also zero in the solution of "
        "(1.4)."
    )
    expected = Verdict.VIOLATED
    negative_title = (
        "With b = (3, 1/2) proximal gradient descent never moves the second entry from zero"
    )
    counterexample = "b = (3, 1/2)"

    def cases(self) -> Mapping[str, Vec]:
        """Return right-hand sides b."""
        return {"dense": vector(3, 2), "b = (3, 1/2)": self.negative_case()}

    def negative_case(self) -> Vec:
        """Return the counterexample b = (3, 1/2)."""
        return vector(3, HALF)

    def evaluate(self, case: Vec) -> Margins:
        """Count the zeros."""
        theta, zeros = vector(0, 0), []
        for _ in range(50):
            theta = proximal_gradient(theta, case, HALF)
            zeros.append(sum(x == 0 for x in theta))
        return at_most([zeros[0], zeros[-1]], [0, 0])


class LossOfProximalGradient(Statement):
    """Proximal gradient descent may raise the loss, linearized Bregman iterations do not.

    Statement: from the minimiser of L proximal gradient descent raises the loss; LinBreg with
    exact gradients and ``tau <= 2/(delta L)`` never does.
    Hypotheses: L = (theta - 3)^2/2, J = |.|, delta = 1.
    Checked: in rational arithmetic; one step of (1.5) from theta = 3 raises the loss from 0 to
    1/8, and 30 steps of LinBreg from v = 0 never raise it.
    Tight: the step bound is that of claim 23.
    Source: sentence on proximal gradient descent, Sec. 1.2.
    """

    id = "6"
    title = "Proximal gradient descent is not monotone in the loss, LinBreg is"
    kind = Kind.IMPRECISE
    section = "1.2"
    source = "Sec. 1.2, proximal gradient descent"
    latex = (
        r"\mathcal L(\theta^{(k+1)}_{\text{LinBreg}})"
        r"\le\mathcal L(\theta^{(k)}_{\text{LinBreg}})"
    )
    words = (
        "Proximal gradient descent may raise the loss; LinBreg does not, for steps up to "
        "2/(delta L) and exact gradients."
    )
    tight = (
        "Both conditions are needed and left out in the sentence; the step bound is sharp (claim "
        "23)."
    )
    proof = (
        "At theta = 3 the gradient of L is zero, and the proximal step with tau = 1/2 and lam = 1 "
        "shrinks 3 to 5/2: L rises from 0 to (1/2)^2/2 = 1/8. LinBreg stands still there, as its "
        "step is tau times the gradient; in general the inequality of claim 19 gives L+ <= L for "
        "tau <= 2/(delta L), since D_J^sym >= 0 and 2 - delta L tau >= 0. For tau > 2/(delta L) "
        "the loss may rise: J = 0 multiplies theta - theta* by 1 - delta L tau < -1."
    )
    negative_title = "A step of 2.1/(delta L) for LinBreg, beyond the border 2/(delta L)"

    def cases(self) -> Mapping[str, Fraction]:
        """Return step sizes of LinBreg."""
        return {f"tau = {tau}": tau for tau in (HALF, Fraction(1), Fraction(19, 10))}

    def negative_case(self) -> Fraction:
        """Return a step beyond 2/(delta L)."""
        return Fraction(21, 10)

    def evaluate(self, case: Fraction) -> Margins:
        """Follow both methods."""
        three = vector(3)
        raised = proximal_gradient(three, three, HALF)[0]
        problem = RationalProblem((vector(1),), three, Fraction(1), Fraction(1))
        losses = [step.loss for step in exact_run(problem, vector(0), [case] * 30)]
        increase = at_most([Fraction(1, 8)], [(raised - 3) ** 2 / 2])
        return joined(increase, at_most(losses[1:], losses[:-1]))
