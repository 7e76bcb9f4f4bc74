"""The falsifier finds what is false and nothing against what is true."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from breglab.geometry import L1, Box, ElasticNet, GroupL12, Nuclear, SquaredNorm, Zero
from breglab.theory.falsifier import RELAXED, ROUNDING, Attack, applies, falsify
from breglab.theory.one_step import INEQUALITIES
from breglab.theory.random_problems import FAMILIES, dimension, draw_step

BY_ID = {inequality.id: inequality for inequality in INEQUALITIES}


@pytest.mark.parametrize("inequality", INEQUALITIES, ids=[i.id for i in INEQUALITIES])
def test_true_inequalities_survive_ten_thousand_problems(inequality):
    tried = 0
    families = [family for family in FAMILIES if applies(inequality, family)]
    for family in families:
        outcome = falsify(inequality, family, evaluations=10_000 // len(families), seed=1)
        assert not outcome.falsified, outcome.step
        tried += outcome.evaluations
    assert tried >= 10_000


@pytest.mark.parametrize(
    ("name", "family"),
    [(n, f) for n in RELAXED for f in FAMILIES if applies(RELAXED[n].inequality, f)],
)
def test_false_inequalities_are_found_out_in_every_family(name, family):
    outcome = falsify(RELAXED[name], family, evaluations=5000)
    assert outcome.falsified
    assert outcome.worst < -1e6 * ROUNDING


def test_the_optimiser_comes_near_the_tight_examples():
    """Claim 34 is attained at its border, 37 for curvature L: the best margin is near zero."""
    for row in ("34", "37", "35"):
        worst = falsify(BY_ID[row], "zero", evaluations=2000).worst
        assert -ROUNDING < worst < 1e-6


def test_the_outcome_can_be_drawn_again():
    outcome = falsify(RELAXED["23: steps beyond 2/(delta L)"], "l1", evaluations=500)
    attack = outcome.attack
    step, _ = draw_step(outcome.parameters[None], FAMILIES["l1"], attack.inequality,
                        reach=attack.reach)  # fmt: skip
    assert float(step.loss_next[0]) == float(outcome.step.loss_next[0])
    assert float(step.loss_next[0]) > float(step.loss[0])
    assert float(step.relative[0]) > 2.0


def test_the_seed_decides():
    first, again, other = (falsify(BY_ID["32"], "l1", evaluations=500, seed=s) for s in (3, 3, 4))
    assert np.array_equal(first.parameters, again.parameters)
    assert not np.array_equal(first.parameters, other.parameters)


def _draw(family, inequality, count=300, seed=0):
    rng = np.random.default_rng(seed)
    raw = rng.standard_normal((count, dimension(FAMILIES[family])))
    return draw_step(raw, FAMILIES[family], inequality)[0], raw


@pytest.mark.parametrize("family", FAMILIES)
def test_the_identities_of_a_step(family):
    """Lemma 13, Pythagoras and the symmetric distance, none of which the code makes use of."""
    s, _ = _draw(family, BY_ID["20"])
    close = {"rtol": 1e-7, "atol": 1e-9 * float(np.max(s.g2))}
    np.testing.assert_allclose(s.g2, s.slope2 + s.sigma**2, **close)
    backward = s.dsym - s.forward + s.increment2 / (2 * s.delta)
    np.testing.assert_allclose(s.backward, backward, **close)
    turn = s.delta * s.tau**2 * s.g2
    np.testing.assert_allclose(
        s.delta * s.turn2 + 2 * s.dsym + s.increment2 / s.delta, turn, **close
    )
    assert np.all(s.forward >= -1e-9 * (1 + s.g2))
    assert np.all(s.mu <= s.L)


NETS = {
    "zero": lambda lam: Zero(),
    "l1": L1,
    "group": lambda lam: GroupL12([[0, 1], [2]], lam),
    "box": lambda lam: Box(-0.5, 1.0),
    "nuclear": Nuclear,
    "quadratic": SquaredNorm,
}


@pytest.mark.parametrize("family", FAMILIES)
def test_families_with_free_weight_are_the_functionals_of_the_package(family):
    rng = np.random.default_rng(0)
    J, size = FAMILIES[family], FAMILIES[family].size
    for lam, delta in ((0.3, 2.0), (2.5, 0.4)):
        phi = ElasticNet(NETS[family](lam), delta)
        v = 2 * rng.standard_normal((20, size))
        shape = (20, 2, 2) if family == "nuclear" else v.shape
        expected = phi.to_primal(v.reshape(shape)).reshape(v.shape)
        theta = J.prox(delta * v, np.full(20, delta * lam))
        np.testing.assert_allclose(theta, expected, rtol=0, atol=1e-14 * 50)
        value = phi.J.value(expected.reshape(shape))
        np.testing.assert_allclose(lam * J.value(theta), value, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("convex", [True, False])
def test_losses_have_the_curvature_that_they_state(convex):
    """The gradient step to the next iterate stays within the bounds of L and mu."""
    inequality = replace(BY_ID["23"], convex=convex)
    s, _ = _draw("zero", inequality, count=2000)
    slope_change = s.increment2 / (s.delta * s.tau) ** 2  # = |grad L|^2 for J = 0
    np.testing.assert_allclose(slope_change, s.slope2, rtol=1e-9)
    curve = s.L / 2 * s.increment2
    linear = -s.delta * s.tau * s.slope2
    assert np.all(np.abs(s.loss_next - s.loss - linear) <= curve * (1 + 1e-9) + 1e-9)
    assert np.all(s.slope2 <= s.L**2 * s.error2 * (1 + 1e-9))
    if convex:
        assert np.all(s.slope2 >= s.mu**2 * s.error2 * (1 - 1e-9))


def test_a_family_without_nu_is_refused():
    with pytest.raises(ValueError, match="family must have a constant nu"):
        falsify(BY_ID["44"], "box")
    with pytest.raises(ValueError, match="family must be one of 'zero', 'l1'"):
        falsify(BY_ID["19"], "l2")
    with pytest.raises(ValueError, match="evaluations must be an integer >= 6, got 0"):
        falsify(BY_ID["19"], "l1", evaluations=0)


def test_a_planted_fault_is_found(monkeypatch):
    """Soft shrinkage with half of the threshold is the prox of J/2: rows with D_J turn red."""
    right = L1._prox
    monkeypatch.setattr(L1, "_prox", lambda self, xp, x, step: right(self, xp, x, step / 2))
    for row in ("35", "37", "44"):
        assert falsify(BY_ID[row], "l1", evaluations=1000).worst < -1e-3


def test_dropping_unbiasedness_hurts_the_sharp_noise_term_only():
    """Claim 21: the noise term 1/(2c), here at c = 1, survives a bias."""
    assert not falsify(Attack(BY_ID["20-one"], biased=True), "l1", evaluations=3000).falsified
    assert not falsify(Attack(BY_ID["18-corrected"], biased=True), "l1", evaluations=3000).falsified
    assert falsify(Attack(BY_ID["20"], biased=True), "l1", evaluations=3000).falsified
