"""The falsifier: a search for the problem that violates an inequality most.

Random restarts, then a local optimiser from the best of them, over the data of the loss, the
dual variable, delta, lam, the step size and the law of the noise. A true inequality survives; one
with a hypothesis too few does not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from breglab._checks import Values, choice, count
from breglab.theory.one_step import INEQUALITIES, Inequality, OneStep, Terms
from breglab.theory.random_problems import ATOMS, FAMILIES, Family, dimension, draw_step

ROUNDING = 1e-9
"""A margin below minus this is a violation: far above rounding, far below any real one."""

_STARTS = 6
"""Random problems that the optimiser starts from, those with the least margins."""
_DESCENT = 40
"""Slopes that it may ask for from each of them."""


@dataclass(frozen=True)
class Attack:
    """An inequality together with the hypotheses that are dropped from it.

    Attributes
    ----------
    inequality : Inequality
        What is attacked.
    reach : float, optional
        Largest relative step that is tried in the place of the one it allows.
    biased : bool
        Whether the noise may have a mean.
    """

    inequality: Inequality
    reach: float | None = None
    biased: bool = False


@dataclass(frozen=True, eq=False)
class Outcome:
    """The worst problem that was found.

    Attributes
    ----------
    attack : Attack
        What was attacked.
    family : str
        The functional.
    worst : float
        Its relative margin; below ``-ROUNDING`` the inequality is false.
    step : OneStep
        The step of the worst problem, arrays of shape (1,).
    parameters : array, shape (dimension,)
        The worst problem, for `draw_step`.
    evaluations : int
        Number of problems that were tried.
    """

    attack: Attack
    family: str
    worst: float
    step: OneStep
    parameters: Values
    evaluations: int

    @property
    def falsified(self) -> bool:
        """Whether the inequality is violated by more than rounding."""
        return self.worst < -ROUNDING


def falsify(
    attack: Attack | Inequality, family: str, *, evaluations: int = 10_000, seed: int = 0
) -> Outcome:
    """Maximise the violation of an inequality.

    Parameters
    ----------
    attack : Attack or Inequality
        What is attacked; an inequality alone keeps all of its hypotheses.
    family : str
        One of `FAMILIES`.
    evaluations : int
        Number of random problems; the optimiser tries some more from the worst of them.
    seed : int
        Seed of the random problems.

    Raises
    ------
    ValueError
        If the family is unknown, or has no constant nu where the inequality needs one.
    """
    attack = attack if isinstance(attack, Attack) else Attack(attack)
    J = FAMILIES[choice(family, "family", tuple(FAMILIES))]
    if not applies(attack.inequality, family):
        raise ValueError(f"family must have a constant nu for this inequality, got {family!r}")
    budget = count(evaluations, "evaluations", low=_STARTS)
    size, rng = dimension(J), np.random.default_rng(seed)
    raw = rng.choice([0.5, 1.0, 3.0], size=(budget, 1)) * rng.standard_normal((budget, size))
    # Noise of every size, none at all included; and steps at the end of their range.
    noise = ATOMS * J.size
    raw[:, -noise:] *= rng.choice([0.0, 0.1, 1.0], size=(budget, 1))
    raw[:, -noise - 1] += rng.choice([0.0, 3.0], size=budget)
    margin, degenerate = _margin(raw, J, attack)
    candidates = [raw[np.argmin(margin)]]
    tried = budget
    for start in raw[np.argsort(np.where(degenerate, np.inf, margin))[:_STARTS]]:
        point, used = _descend(start, J, attack)
        candidates.append(point)
        tried += used
    worst = _margin(np.stack(candidates), J, attack)[0]
    winner = candidates[int(np.argmin(worst))]
    step = _draw(winner[None], J, attack)[0]
    return Outcome(attack, family, float(np.min(worst)), step, winner, tried)


def applies(inequality: Inequality, family: str) -> bool:
    """Return whether the inequality makes sense for a functional."""
    return FAMILIES[family].nu is not None or not inequality.one_point


def _draw(raw: Values, family: Family, attack: Attack) -> tuple[OneStep, Values]:
    return draw_step(raw, family, attack.inequality, reach=attack.reach, biased=attack.biased)


def _margin(raw: Values, family: Family, attack: Attack) -> tuple[Values, npt.NDArray[np.bool_]]:
    """Return (right - left)/(size of all terms), and where the terms are hardly resolved."""
    step, rounding = _draw(raw, family, attack)
    left, right = attack.inequality.sides(step)
    size = sum(abs(term) for term in (*left, *right))
    # Terms of 1e-4 of what they are differences of are known to 1e-12: far below `ROUNDING`.
    margin = (sum(right) - sum(left)) / (size + 1e-4 * rounding)
    return np.asarray(margin), np.asarray(size < 1e-3 * rounding)


def _descend(start: Values, family: Family, attack: Attack) -> tuple[Values, int]:
    """Return a point of smaller margin, by a quasi-Newton method with difference quotients."""
    width, used = 1e-6, 0

    def margin_and_slope(x: Values) -> tuple[float, Values]:
        nonlocal used
        around = np.concatenate([x[None], x + width * np.eye(len(x))])
        used += len(around)
        values = _margin(around, family, attack)[0]
        return float(values[0]), (values[1:] - values[0]) / width

    found = minimize(
        margin_and_slope, start, jac=True, method="L-BFGS-B", options={"maxfun": _DESCENT}
    )
    return np.asarray(found.x), used


def _known(name: str) -> Inequality:
    return next(inequality for inequality in INEQUALITIES if inequality.id == name)


def _misread(step: OneStep) -> tuple[Terms, Terms]:
    left, _ = _known("32").sides(step)
    return left, (step.sigma * step.tau**2 / 2.0, step.increment2)


def _fixed_constant(step: OneStep) -> tuple[Terms, Terms]:
    weight = 0.01 / (2.0 * step.delta * step.tau)
    left = (step.loss_next, step.dsym / step.tau, weight * step.increment2)
    return left, (step.loss,)


def _less_noise(step: OneStep) -> tuple[Terms, Terms]:
    left, right = _known("20").sides(step)
    return left, (right[0], 0.9 * right[1])


def _more_convex(step: OneStep) -> tuple[Terms, Terms]:
    return _known("35").sides(replace(step, mu=1.2 * step.mu))


def _linear_alone(step: OneStep) -> tuple[Terms, Terms]:
    (following, _), right = _known("44").sides(step)
    return (following,), right


RELAXED: dict[str, Attack] = {
    "18: C = .01 up to 2/(delta L)": Attack(
        Inequality("18", "(3.5) with a fixed C", _fixed_constant, deterministic=True)),
    "20: a tenth less noise": Attack(replace(_known("20"), sides=_less_noise)),
    "20: biased gradients": Attack(_known("20-half"), biased=True),
    "23: steps beyond 2/(delta L)": Attack(_known("23"), reach=2.2),
    "32: (3.8) misread, the bracket lost": Attack(replace(_known("32"), sides=_misread)),
    "34: steps beyond the exact range": Attack(_known("34"), reach=2.0),
    "35: mu overstated by a fifth": Attack(replace(_known("35"), sides=_more_convex)),
    "37: convexity dropped": Attack(replace(_known("37"), convex=False)),
    "44: steps beyond 1/(delta L)": Attack(replace(_known("44"), sides=_linear_alone), reach=1.8),
    "X5: steps beyond 1/(delta L)": Attack(_known("X5"), reach=2.0),
}  # fmt: skip
"""Inequalities with a hypothesis dropped: the falsifier must find a counterexample to each."""
