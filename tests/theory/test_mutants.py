"""Faults that people make in these rules, each planted once: at least one claim must turn red."""

from __future__ import annotations

import pytest

from breglab.geometry import L1, ElasticNet, Entropy, GroupL12, NonNegativeL1
from breglab.iteration import Adam, Gradient, Momentum
from breglab.problems import LeastSquares, Quadratic
from breglab.theory import Transitions, Verdict, check, execute, find_claims, verify


def long_step(patch):
    patch.setattr(Gradient, "direction", lambda self, memory, g, tau, k: (2.1 * tau * g, ()))


def wrong_delta_at_the_start(patch):
    right = ElasticNet._to_dual
    patch.setattr(ElasticNet, "_to_dual", lambda self, xp, x: right(self, xp, x) + x / self.delta)


def no_bias_correction(patch):
    def direction(self, memory, g, tau, k):
        m1 = self.beta1 * memory[0] + (1 - self.beta1) * g
        m2 = self.beta2 * memory[1] + (1 - self.beta2) * g * g
        return tau * m1 / (m2**0.5 + self.eps), (m1, m2)

    patch.setattr(Adam, "direction", direction)


def swapped_group_axis(patch):
    right = GroupL12._prox

    def prox(self, xp, x, step):
        shape = (*x.shape[:-1], 40, 5)
        swapped = x.reshape((*x.shape[:-1], 5, 40)).swapaxes(-1, -2).reshape(x.shape)
        return right(self, xp, swapped, step).reshape(shape).swapaxes(-1, -2).reshape(x.shape)

    patch.setattr(GroupL12, "_prox", prox)


def threshold_without_delta(patch):
    right = L1._prox
    patch.setattr(L1, "_prox", lambda self, xp, x, step: right(self, xp, x, 1.0))


def elastic_net_without_the_half(patch):
    patch.setattr(
        ElasticNet,
        "_to_primal",
        lambda self, xp, v: self.J._prox(xp, self.delta / 2 * v, self.delta / 2),
    )


def momentum_of_the_other_convention(patch):
    def direction(self, memory, g, tau, k):
        m = self.beta * memory[0] + tau * g
        return m, (m,)

    patch.setattr(Momentum, "direction", direction)


def ascent_in_one_coordinate(patch):
    def direction(self, memory, g, tau, k):
        d = tau * g
        d[..., 0] = -d[..., 0]
        return d, ()

    patch.setattr(Gradient, "direction", direction)


def nonnegative_prox_that_forgets_the_sign(patch):
    patch.setattr(NonNegativeL1, "_prox", lambda self, xp, x, step: L1(self.lam)._prox(xp, x, step))


def doubled_gradient_of_least_squares(patch):
    right = LeastSquares.gradient
    patch.setattr(LeastSquares, "gradient", lambda self, theta: 2 * right(self, theta))


def understated_lipschitz_constant(patch):
    right = Quadratic.lipschitz.fget
    patch.setattr(Quadratic, "lipschitz", property(lambda self: right(self) / 3))


def overstated_convexity(patch):
    right = Quadratic.strong_convexity.fget
    patch.setattr(Quadratic, "strong_convexity", property(lambda self: 3 * right(self)))


def soft_max_without_the_sum(patch):
    patch.setattr(Entropy, "_to_primal", lambda self, xp, v: xp.exp(v) / v.shape[-1])


MUTANTS = [
    (long_step, ("2", "19", "23"), ("quadratic, J = 0", "quadratic, l1")),
    (wrong_delta_at_the_start, ("2",), ("quadratic, J = 0",)),
    (no_bias_correction, ("2-adam",), ()),
    (swapped_group_axis, ("37",), ("group",)),
    (threshold_without_delta, ("1", "4"), ("quadratic, l1",)),
    (elastic_net_without_the_half, ("2", "1"), ("quadratic, J = 0", "quadratic, l1")),
    (momentum_of_the_other_convention, ("13",), ()),
    (ascent_in_one_coordinate, ("2", "23"), ("quadratic, J = 0",)),
    (nonnegative_prox_that_forgets_the_sign, ("X3",), ("nonnegative, momentum",)),
    (doubled_gradient_of_least_squares, ("19", "23"), ("gaussian",)),
    (understated_lipschitz_constant, ("19", "37"), ("quadratic, J = 0",)),
    (overstated_convexity, ("35", "44"), ("quadratic, J = 0",)),
    (soft_max_without_the_sum, ("19", "37"), ("simplex, entropy",)),
]


def _verdicts(ids, names, instances):
    found = verify(find_claims(ids), instances=[instances[name] for name in names])
    return {f.verdict for result in found.results for f in result.findings}


@pytest.mark.parametrize(("plant", "ids", "names"), MUTANTS, ids=[m[0].__name__ for m in MUTANTS])
def test_a_planted_fault_turns_a_claim_red(plant, ids, names, instances, monkeypatch):
    green = {Verdict.HOLDS, Verdict.NOT_APPLICABLE}
    sound = _verdicts(ids, names, instances)
    assert Verdict.HOLDS in sound
    assert sound <= green
    plant(monkeypatch)
    red = _verdicts(ids, names, instances) - green
    assert red
    # A claim may also refuse a run that a fault made absurd, by name and not in silence.
    assert Verdict.VIOLATED in red or plant in REFUSED


REFUSED = {nonnegative_prox_that_forgets_the_sign, soft_max_without_the_sum}

STATEMENTS = [
    ("variance", 4.0, ("20", "35", "44")),
    ("variance", 0.0, ("18-corrected", "20", "32", "35", "44")),
    ("increment2", 0.0, ("19", "20", "32")),
    ("distance_next", 1.1, ("35", "37", "44")),
    ("distance", 1.1, ("35", "37")),
    ("loss_next", 0.9, ("19", "20")),
]


@pytest.mark.parametrize(("name", "factor", "ids"), STATEMENTS)
def test_a_changed_term_turns_every_claim_that_uses_it_red(name, factor, ids, convex, monkeypatch):
    """Bounds that are attained are checked as equalities, so that neither side may drift."""
    right = vars(Transitions)[name].func
    changed = property(lambda self: factor * right(self))
    monkeypatch.setattr(Transitions, name, changed)
    for claim in find_claims(ids):
        # The instances that attain a claim come first: they are small and tell at once.
        runs = map(execute, (*claim.own_instances(), *convex))
        assert any(check(claim, run).verdict is Verdict.VIOLATED for run in runs), claim.id
