"""Expectations by draws: the intervals cover, and decide what can be decided."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

import breglab.theory.estimation as estimation
import breglab.theory.transitions as transitions_module
from breglab.geometry import L1, ElasticNet, Zero
from breglab.problems import FiniteNoise, GaussianNoise, MiniBatch, Oracle, Quadratic, load
from breglab.theory import Instance, Margins, Verdict, check, execute, find_claims, verify
from breglab.theory.estimation import estimated
from breglab.theory.instance import BATCHES, FEWEST
from breglab.theory.margins import identity
from breglab.theory.small import Quieter

Q, CENTER = np.diag([1.0, 0.6, 0.4]), np.array([0.8, -0.5, 0.0])
LOSS = Quadratic(Q, CENTER)
FACTOR = np.array([[0.3, 0.0], [0.1, 0.2], [-0.2, 0.4]])
DELTA, TAU = 0.7, 0.1


def noisy(oracle=None, J=None, name="noisy", iterations=10, **more):
    return Instance(
        name, "t", oracle or GaussianNoise(LOSS, 0.3), ElasticNet(J or L1(0.3), DELTA), TAU,
        iterations, **({"theta0": np.array([1.0, 0.4, -0.7]), "theta_star": CENTER} | more),
    )  # fmt: skip


def at_minimiser(oracle, **more):
    """J = 0 at the minimiser, where the noise terms of claims 20, 35 and 44 are attained."""
    return noisy(oracle, Zero(), theta0=CENTER, iterations=0, **more)


def verdict(claim_id, instance, **options):
    return check(find_claims(claim_id)[0], execute(instance), **options).verdict


class Drawn(GaussianNoise):
    """Notes how many gradients are drawn at once."""

    def __init__(self, loss, std):
        super().__init__(loss, std)
        self.counts = []

    def sample(self, theta, rng):
        self.counts.append(len(theta))
        return super().sample(theta, rng)


def expected_loss(run):
    """E L(theta+) for J = 0: at the mean of theta+, and delta^2 tau^2 tr(Q cov)/2."""
    mean = run.theta - DELTA * TAU * LOSS.gradient(run.theta)
    spread = DELTA**2 * TAU**2 * np.trace(Q @ run.instance.oracle.covariance) / 2
    return LOSS.value(mean) + spread


def test_the_interval_covers_as_often_as_it_says():
    hits, trials, level = 0, 300, 0.1
    oracle = GaussianNoise(LOSS, FACTOR)
    run = execute(noisy(oracle, Zero(), iterations=0, draws=BATCHES * FEWEST))
    truth = expected_loss(run)

    def margins(run):
        return Margins(run.trace.k, run.transitions.loss_next, truth, truth, 0.0)

    for seed in range(trials):
        found = estimated(margins, replace(run, instance=replace(run.instance, seed=seed)), level)
        hits += int(abs(found.margin[0]) <= found.uncertainty[0])
    # Four standard deviations of the binomial law about 270 of 300. The interval is that of a
    # rare event, wider than Student's.
    assert hits >= (1 - level) * trials - 4 * np.sqrt(trials * level * (1 - level))


def test_the_interval_is_at_least_students():
    gaps = np.random.default_rng(0).standard_normal((BATCHES, 50)) + 1.0
    shares = []
    for level in (0.1, 1e-6):
        test = scipy.stats.ttest_1samp(gaps, 0.0).confidence_interval(1.0 - level / 50)
        student = (test.high - test.low) / 2
        half = estimation._half_widths(gaps, level)
        assert np.all(half >= (1 - 1e-9) * student)
        shares.append(np.mean(half / student))
    assert all(1.5 < share < 2.5 for share in shares)


def test_the_interval_of_draws_without_rare_events_is_students():
    gaps = np.resize([1.0, -1.0], (BATCHES, 1))
    for level in (1e-4, 1e-6):
        test = scipy.stats.ttest_1samp(gaps, 0.0).confidence_interval(1.0 - level)
        half = estimation._half_widths(gaps, level)
        np.testing.assert_allclose(half, (test.high - test.low) / 2, rtol=1e-9)


def test_the_level_is_shared_by_all_iterates():
    """The interval of the first iterate is wider beside others."""
    run = execute(noisy(draws=BATCHES * FEWEST))

    def loss(run):
        k = run.trace.k
        return Margins(k, 0.0 * k, run.transitions.loss_next, np.ones(len(k)), 0.0)

    many = estimated(loss, run)
    alone = estimated(lambda run: loss(run).at(0), run)
    assert many.margin[0] == alone.margin[0]
    assert many.uncertainty[0] > 1.05 * alone.uncertainty[0]


@pytest.mark.parametrize("seed", range(3))
def test_finite_and_gaussian_noise_of_one_covariance_agree_on_quadratic_expectations(seed):
    gaussian = GaussianNoise(LOSS, FACTOR)
    atoms = np.sqrt(2.0) * FACTOR.T
    finite = FiniteNoise(LOSS, np.concatenate([atoms, -atoms]))
    run = execute(noisy(gaussian, Zero(), seed=seed))
    exact = replace(run, instance=replace(run.instance, oracle=finite))
    assert exact.exact
    assert not run.exact
    for name in ("loss_next", "increment2", "dsym_phi", "distance_next"):
        truth = getattr(exact.transitions, name)

        def margins(run, name=name, truth=truth):
            return Margins(run.trace.k, getattr(run.transitions, name), truth, truth, 0.0)

        found = estimated(margins, run)
        assert found.verdict is Verdict.INCONCLUSIVE
        assert np.all(np.abs(found.margin) <= found.uncertainty)
        assert np.all(found.uncertainty < 0.2)


HOLD = ("18-corrected", "20", "32", "33", "35", "35-three-point", "43", "44", "10", "41")


def test_the_theorems_hold_with_gaussian_noise(instances):
    run = execute(instances["quadratic, l1, Gaussian noise"])
    assert not run.exact
    for claim in find_claims(HOLD):
        found = check(claim, run)
        assert found.verdict is Verdict.HOLDS, (claim.id, found.reason)
        assert found.reason.startswith("not refuted by 8160 draws at each iterate, which assumes")


@pytest.mark.parametrize("claim_id", ["20", "35", "44", "17"])
def test_noise_that_is_understated_is_found(claim_id):
    quiet = Quieter(GaussianNoise(LOSS, 0.3))
    found = check(find_claims(claim_id)[0], execute(at_minimiser(quiet)))
    assert found.verdict is Verdict.VIOLATED
    worst = int(np.argmin(found.margins.margin))
    assert found.margins.worst < -3.0 * found.margins.uncertainty[worst]


def test_a_step_that_is_too_long_is_found():
    start = np.array([5.0, 5.0, 5.0])
    long = replace(noisy(J=Zero(), theta0=start), step_size=lambda k: 2.5 / DELTA)
    assert verdict("18-corrected", long) is Verdict.NOT_APPLICABLE
    assert verdict("18-corrected", long, enforce=False) is Verdict.VIOLATED


def test_a_bound_that_is_attained_stays_inconclusive_at_the_limit_of_the_draws():
    oracle = Drawn(LOSS, 0.3)
    instance = at_minimiser(oracle, draws=4 * BATCHES * FEWEST)
    run = execute(instance)
    oracle.counts.clear()
    found = check(find_claims("20")[0], run)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert found.reason == "the confidence interval of the margin contains zero at k = 0"
    assert oracle.counts == [FEWEST] + [4 * FEWEST] * BATCHES


def test_the_interval_narrows_as_draws_are_doubled():
    narrow, wide = (
        check(find_claims("20")[0], execute(at_minimiser(GaussianNoise(LOSS, 0.3), draws=draws)))
        for draws in (16 * BATCHES * FEWEST, BATCHES * FEWEST)
    )
    ratio = wide.margins.uncertainty / narrow.margins.uncertainty
    assert np.all((ratio > 2.5) & (ratio < 6.0))  # sqrt(16)


def test_no_verdict_rests_on_fewer_draws_than_there_are():
    oracle = Drawn(LOSS, 0.1)
    run = execute(noisy(oracle, draws=2 * BATCHES * FEWEST))
    for claim_id, verdict in (("44", Verdict.HOLDS), ("42", Verdict.NOT_APPLICABLE)):
        oracle.counts.clear()
        assert check(find_claims(claim_id)[0], run).verdict is verdict
        assert oracle.counts == [FEWEST] + [2 * FEWEST] * BATCHES


class Rare(Oracle):
    """Noise of +1, and of -(1-p)/p with probability p, beside a Gaussian of deviation .3."""

    def __init__(self, loss, p):
        super().__init__(loss)
        self.p, self.seen = p, 0

    @property
    def sigma(self):
        return float(np.sqrt((1.0 - self.p) / self.p + 0.09))

    def sample(self, theta, rng):
        rare = rng.random(theta.shape) < self.p
        self.seen += int(np.sum(rare))
        noise = np.where(rare, -(1.0 - self.p) / self.p, 1.0)
        return self.loss.gradient(theta) + noise + 0.3 * rng.standard_normal(theta.shape)

    def variance(self, theta):
        return np.full(theta.shape[:-1], self.sigma**2)


def rises_by_at_most(c):
    """E L+ <= L + c, which is false for c < sigma^2/2 at the minimiser with step one."""

    def margins(run):
        t = run.transitions
        return Margins(run.trace.k, t.loss_next, t.loss + c, t.loss_next + c, 1e-10)

    return margins


@pytest.mark.parametrize("p", [1e-2, 1e-3, 1e-4, 2e-5])
@pytest.mark.parametrize("seed", range(10))
def test_a_rare_event_among_the_draws_is_never_overlooked(p, seed):
    oracle = Rare(Quadratic(np.eye(1), np.zeros(1)), p)
    run = execute(Instance("rare", "t", oracle, ElasticNet(Zero(), 1.0), 1.0, 0,
                           theta0=np.zeros(1), seed=seed))  # fmt: skip
    for c in (5.0, 0.45 * oracle.sigma**2):
        oracle.seen = 0
        found = estimated(rises_by_at_most(c), run)
        assert found.draws == 65520
        assert found.verdict is not Verdict.HOLDS or oracle.seen == 0
        # The limit: what no draw has seen, which has the probability (1 - p)^n, is not known.
        assert oracle.seen > 0 or (1.0 - p) ** found.draws > 1e-3
    bound = 0.75 * oracle.sigma**2
    true = estimated(rises_by_at_most(bound), run)
    assert true.verdict is not Verdict.VIOLATED


def test_a_claim_about_the_iterates_alone_is_evaluated_once():
    run, seen = execute(noisy()), []

    def margins(run):
        seen.append(run)
        return Margins(run.trace.k, run.tau, run.tau, run.tau, 0.0)

    assert not np.any(estimated(margins, run).uncertainty)
    assert len(seen) == 1


class Uniform(Oracle):
    """What a user writes: three members; a bias and a wrong variance on demand."""

    def __init__(self, loss, width=0.3, bias=0.0, stated=1.0):
        super().__init__(loss)
        self._width, self._bias, self._stated = width, bias, stated

    @property
    def sigma(self):
        return float(np.sqrt(self._stated * self.loss.size / 3.0)) * self._width

    def sample(self, theta, rng):
        noise = rng.uniform(-self._width, self._width, theta.shape)
        return self.loss.gradient(theta) + self._bias + noise

    def variance(self, theta):
        return np.full(theta.shape[:-1], self.sigma**2)


def test_an_oracle_of_a_user_needs_three_methods(instances):
    common = instances["quadratic, l1, Gaussian noise"]
    mine = replace(common, name="mine", oracle=Uniform(common.loss, 0.05))
    for result in verify(find_claims(HOLD), instances=[mine]).results:
        (found,) = (f for f in result.findings if f.instance == "mine")
        assert found.verdict is Verdict.HOLDS, (found.claim, found.reason)


def test_equalities_of_expectations_are_refuted_or_left_open():
    """Differences average out over the batches; their sizes would not."""
    right, loud, biased = Uniform(LOSS), Uniform(LOSS, stated=0.5), Uniform(LOSS, bias=0.2)
    for claim_id, wrong in (("17", loud), ("42", biased)):
        (claim,) = find_claims(claim_id)
        assert check(claim, execute(noisy(wrong))).verdict is Verdict.VIOLATED
        found = check(claim, execute(noisy(right)))
        assert found.verdict is Verdict.NOT_APPLICABLE
        assert "draws refute an equality of expectations" in found.reason
        open_ = check(claim, execute(noisy(right)), enforce=False)
        assert open_.verdict is Verdict.INCONCLUSIVE
        assert "contains zero" in open_.reason


def test_equalities_take_the_mean_before_the_size():
    errors = np.random.default_rng(0).standard_normal((BATCHES, 5))
    parts = [identity(np.arange(5), error, np.ones(5)) for error in errors]
    found = estimation._mean(parts, 0.1, 1000)
    np.testing.assert_allclose(found.lhs, np.abs(errors.mean(axis=0)), rtol=1e-12)


def test_batches_that_are_too_many_to_list_are_drawn(monkeypatch):
    """Estimated and exact expectations of one oracle agree."""
    oracle = MiniBatch(load("diabetes").loss, 1)
    start = np.zeros(oracle.loss.size)
    run = execute(noisy(oracle, theta0=start, theta_star=None, iterations=2))
    exact = run.transitions.increment2
    monkeypatch.setattr("breglab.problems.minibatch.MAX_ATOMS", 100)
    one = replace(run)
    assert not one.exact

    def margins(run):
        return Margins(run.trace.k, run.transitions.increment2, exact, exact, 0.0)

    found = estimated(margins, replace(one, instance=replace(one.instance, draws=2 * 40 * 64)))
    assert np.all(np.abs(found.margin) <= found.uncertainty)
    assert np.all(found.uncertainty < 0.8)


def test_the_draws_are_fixed_by_the_seed_and_the_number_of_processes_does_not_matter():
    claims = find_claims(("20", "44"))
    both = [noisy(name=str(seed), seed=seed) for seed in (0, 1)]
    one, two = (verify(claims, instances=both, jobs=jobs) for jobs in (1, 2))
    for ours, theirs in zip(one.results, two.results, strict=True):
        first, second = (r.findings[0].margins for r in (ours, theirs))
        np.testing.assert_array_equal(first.margin, second.margin)
        np.testing.assert_array_equal(first.uncertainty, second.uncertainty)
        assert np.all(ours.findings[1].margins.uncertainty != first.uncertainty)


def test_batches_are_independent_of_each_other_and_of_the_run():
    run = execute(noisy(GaussianNoise(LOSS, 1.0), iterations=40))
    noises = [
        (replace(run, batch=batch).transitions.g[0] - LOSS.gradient(run.theta)).ravel()
        for batch in range(3)
    ]
    drawn = -np.diff(run.v, axis=0) / TAU - LOSS.gradient(run.theta[:-1])
    noises.append(np.concatenate([drawn.ravel(), np.zeros(3)]))
    assert np.max(np.abs(np.corrcoef(noises) - np.eye(4))) < 5 / np.sqrt(noises[0].size)


def _in_batches(values):
    """Margins whose gap in each batch is given, an expectation being asked for."""

    def margins(run):
        gap = np.array([values[run.batch]]) + 0.0 * run.transitions.loss_next[:1]
        return Margins(run.trace.k[:1], np.zeros(1), gap, np.ones(1), 1e-12)

    return margins


def test_that_all_batches_agree_in_sign_decides_nothing():
    """What a rare event would outweigh is not a sign of the mean, in either direction."""
    run = execute(noisy(draws=BATCHES * FEWEST))
    seldom = np.zeros(BATCHES)
    seldom[3] = 1.0
    for sign in (1.0, -1.0):
        assert estimated(_in_batches(sign * seldom), run).verdict is Verdict.INCONCLUSIVE
        rare = sign * (1e-2 + seldom)
        assert estimated(_in_batches(rare), run).verdict is Verdict.INCONCLUSIVE
    assert estimated(_in_batches(1.0 + seldom), run).verdict is Verdict.HOLDS
    assert estimated(_in_batches(-1.0 - seldom), run).verdict is Verdict.VIOLATED


def test_infinite_and_missing_numbers_are_inconclusive():
    run = execute(noisy(draws=BATCHES * FEWEST))
    for bad in (np.nan, np.inf, -np.inf):
        values = np.ones(BATCHES)
        values[5] = bad
        found = estimated(_in_batches(values), run)
        assert found.verdict is Verdict.INCONCLUSIVE
        assert found.doubt.startswith("the margin is not finite at k = 0")


def test_draws_that_are_too_large_for_the_memory(monkeypatch):
    oracle = Drawn(LOSS, 0.3)
    run = execute(at_minimiser(oracle))
    oracle.counts.clear()
    for module in (estimation, transitions_module):
        monkeypatch.setattr(module, "LARGEST", 2 * FEWEST * run.theta.size)
    assert "contains zero" in check(find_claims("20")[0], run).reason
    assert max(oracle.counts) == 2 * FEWEST
    monkeypatch.setattr(transitions_module, "LARGEST", FEWEST * run.theta.size - 1)
    found = check(find_claims("20")[0], run)
    assert found.verdict is Verdict.INCONCLUSIVE
    assert "64 draws x 1 iterates x 3 unknowns are more than 191 numbers" in found.reason


class _OneForAll(GaussianNoise):
    def sample(self, theta, rng):
        return super().sample(theta[0] if theta.ndim > 1 else theta, rng)


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=f"draws must be an integer >= {BATCHES * FEWEST}, got 9"):
        noisy(draws=9)
    run = execute(noisy(_OneForAll(LOSS, 0.3)))
    message = r"_OneForAll.sample must draw a gradient for each point, shape \(64, 11, 3\), got"
    with pytest.raises(ValueError, match=message):
        run.transitions  # noqa: B018

    def moving(run):
        k = run.trace.k[: 1 + run.batch % 2]
        return Margins(k, k - run.transitions.loss[: len(k)], k + 1.0, k + 1.0, 0.0)

    with pytest.raises(ValueError, match="margins must be at the same iterates for every batch"):
        estimated(moving, execute(noisy()))
