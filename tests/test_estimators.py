"""The estimators: scikit-learn's checks, the mathematics of their paths, weights, choice of t."""

from __future__ import annotations

import doctest
import pickle
import warnings

import numpy as np
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from breglab import estimators
from breglab.estimators import (
    InverseScaleSpace,
    InverseScaleSpaceCV,
    LinearizedBregman,
    LinearizedBregmanClassifier,
    LinearizedBregmanClassifierCV,
    LinearizedBregmanCV,
)
from breglab.geometry import L1, ElasticNet
from breglab.iteration import run
from breglab.problems import LeastSquares, Logistic
from breglab.solvers.inverse_scale_space import inverse_scale_space_path

NOISE = 0.3
REGRESSORS = {
    "inverse scale space": InverseScaleSpace(),
    "inverse scale space, cv": InverseScaleSpaceCV(),
    "linearized": LinearizedBregman(max_iter=300),
    "linearized, cv": LinearizedBregmanCV(max_iter=300),
}
CLASSIFIERS = {
    "classifier": LinearizedBregmanClassifier(max_iter=200),
    "classifier, cv": LinearizedBregmanClassifierCV(max_iter=200),
}
ALL = REGRESSORS | CLASSIFIERS
every_regressor = pytest.mark.parametrize("name", REGRESSORS)
every_one = pytest.mark.parametrize("name", ALL)


def regression(m=80, n=20, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((m, n)) + 1.0
    return X, 3.0 * X[:, 2] - 2.0 * X[:, 7] + 5.0 + NOISE * rng.standard_normal(m)


def classes(m=120, n=12, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((m, n)) - 2.0
    score = X[:, 2] - 1.5 * X[:, 7] + 0.5 * rng.standard_normal(m)
    return X, np.digitize(score, [0.0, 1.5])


def data(name):
    return classes() if name in CLASSIFIERS else regression()


@every_one
def test_scikit_learn_has_no_complaint(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the checks provoke them
        model = clone(ALL[name])
        if name in ("linearized, cv", "classifier, cv"):
            model.set_params(max_iter=40)
        results = check_estimator(model, on_skip=None)
    assert len(results) > 50
    assert {result["status"] for result in results} <= {"passed", "skipped"}


def test_inverse_scale_space_is_the_exact_path_of_centred_data():
    X, y = regression()
    model = InverseScaleSpace().fit(X, y)
    A, b = (X - X.mean(axis=0)) / np.sqrt(80), (y - y.mean()) / np.sqrt(80)
    path = inverse_scale_space_path(A, b)
    np.testing.assert_allclose(model.times_, path.times, rtol=1e-9)
    np.testing.assert_allclose(model.coef_path_, path.primal.toarray(), rtol=0, atol=1e-9)
    # At the end it is least squares, with its constant.
    ordinary = LinearRegression().fit(X, y)
    np.testing.assert_allclose(model.coef_, ordinary.coef_, rtol=0, atol=1e-9)
    assert model.intercept_ == pytest.approx(ordinary.intercept_, rel=1e-9)
    np.testing.assert_allclose(model.intercept_path_, y.mean() - model.coef_path_ @ X.mean(axis=0))


@pytest.mark.parametrize("kind", [InverseScaleSpace, LinearizedBregman])
def test_the_discrepancy_principle_finds_the_support(kind):
    X, y = regression()
    model = kind(noise_std=1.1 * NOISE).fit(X, y)
    assert np.sqrt(np.mean((y - model.predict(X)) ** 2)) <= 1.1 * NOISE
    before = X @ model.coef_path_[-2] + model.intercept_path_[-2]
    assert np.sqrt(np.mean((y - before) ** 2)) > 1.1 * NOISE
    assert set(np.flatnonzero(model.coef_)) >= {2, 7}
    assert np.count_nonzero(model.coef_) < 20
    assert model.t_ == model.times_[-1]


def test_a_time_or_a_count_ends_the_path():
    X, y = regression()
    whole = InverseScaleSpace().fit(X, y)
    some = InverseScaleSpace(t=1.001 * whole.times_[4]).fit(X, y)
    assert some.t_ == whole.times_[4]
    np.testing.assert_array_equal(some.coef_, whole.coef_path_[4])
    counted = InverseScaleSpace(max_breakpoints=4).fit(X, y)
    np.testing.assert_array_equal(counted.coef_, some.coef_)


def test_a_discrepancy_that_is_not_reached_is_a_warning():
    X, y = regression()
    for model in (InverseScaleSpace(noise_std=1e-3), LinearizedBregman(noise_std=1e-3)):
        with pytest.warns(ConvergenceWarning, match="above noise_std = 0.001"):
            model.fit(X, y)


def test_linearized_bregman_is_the_rule_of_the_iteration():
    X, y = regression()
    model = LinearizedBregman(delta=5.0, max_iter=400).fit(X, y)
    A, b = (X - X.mean(axis=0)) / np.sqrt(80), (y - y.mean()) / np.sqrt(80)
    trace = run(LeastSquares(A, b), ElasticNet(L1(1.0), 5.0), stop=400, record="primal", sample=2)
    np.testing.assert_allclose(model.coef_path_, trace["primal"], rtol=0, atol=1e-10)
    tau = 1.0 / (5.0 * np.linalg.norm(A, 2) ** 2)
    np.testing.assert_allclose(model.times_, tau * trace.k, rtol=1e-10)


@pytest.mark.parametrize("outputs", [2, 3])
def test_the_classifier_is_the_rule_of_the_iteration(outputs):
    X, y = classes()
    y = np.minimum(y, outputs - 1)
    loss = Logistic(X, y)
    tau = 0.5 / (3.0 * loss.lipschitz)
    model = LinearizedBregmanClassifier(delta=3.0, tau=tau, max_iter=150, fit_intercept=False)
    model.fit(X, y)
    trace = run(loss, ElasticNet(L1(1.0), 3.0), step_size=tau, stop=150, record="primal")
    # One weight vector for two classes; else the outputs of a feature are neighbours.
    rows = trace["primal"].reshape(len(trace.k), 12, -1).swapaxes(1, 2)
    np.testing.assert_allclose(model.coef_path_, rows, rtol=0, atol=1e-10)


def test_the_constant_is_free_of_the_l1_norm_from_the_first_step():
    X, y = classes()
    y, tau, delta = np.minimum(y, 1), 0.1, 3.0
    model = LinearizedBregmanClassifier(delta=delta, tau=tau, max_iter=60).fit(X, y)
    centred, v, constant = X - X.mean(axis=0), np.zeros(12), 0.0
    for k in range(61):
        u = delta * np.sign(v) * np.maximum(np.abs(v) - 1.0, 0.0)
        np.testing.assert_allclose(model.coef_path_[k, 0], u, rtol=0, atol=1e-12)
        intercept = constant - X.mean(axis=0) @ u
        assert model.intercept_path_[k, 0] == pytest.approx(intercept, abs=1e-12)
        slopes = (1.0 / (1.0 + np.exp(-centred @ u - constant)) - y) / len(y)
        v, constant = v - tau * centred.T @ slopes, constant - delta * tau * slopes.sum()
    assert abs(constant) > 0.01
    assert np.count_nonzero(u) < 12


def test_linearized_bregman_tends_to_inverse_scale_space():
    X, y = regression()
    exact = InverseScaleSpace(noise_std=1.0).fit(X, y)
    t = 1.2 * exact.t_
    errors = []
    for delta in (50.0, 800.0):
        probe = LinearizedBregman(delta=delta, max_iter=1).fit(X, y)
        steps = round(t / probe.times_[1])
        model = LinearizedBregman(delta=delta, max_iter=steps).fit(X, y)
        errors.append(np.max(np.abs(model.coef_ - InverseScaleSpace(t=t).fit(X, y).coef_)))
    assert errors[1] < errors[0] < 1.0
    assert errors[1] < 1e-3


def test_the_classifier_tends_to_logistic_regression():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 3)) * [1.0, 2.0, 0.5] + 3.0
    y = X @ [1.0, -0.5, 0.3] - 2.0 + rng.logistic(size=200) > 0.0
    model = LinearizedBregmanClassifier(max_iter=20_000).fit(X, y)
    free = LogisticRegression(C=np.inf, tol=1e-10, max_iter=10_000).fit(X, y)
    np.testing.assert_allclose(model.coef_, free.coef_, rtol=0, atol=1e-5)
    np.testing.assert_allclose(model.intercept_, free.intercept_, rtol=0, atol=1e-5)


@every_one
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_sparse_features_give_the_same_model(name, fit_intercept):
    X, y = data(name)
    X = np.where(np.abs(X) < 0.7, 0.0, X)
    # The norm of a sparse X is a bound: the step size must be given.
    options = {} if "inverse" in name else {"tau": 0.05, "delta": 1.0, "max_iter": 200}
    model = ALL[name].__class__(**options, fit_intercept=fit_intercept)
    dense = clone(model).fit(X, y)
    assert np.any(dense.coef_)
    for kind in (scipy.sparse.csr_array, scipy.sparse.csc_matrix):
        found = model.fit(kind(X), y)
        np.testing.assert_allclose(found.coef_, dense.coef_, rtol=0, atol=1e-8)
        np.testing.assert_allclose(found.intercept_, dense.intercept_, rtol=0, atol=1e-7)
        np.testing.assert_allclose(found.predict(kind(X)), dense.predict(X), rtol=0, atol=1e-7)


@every_one
def test_a_weight_of_two_is_the_sample_twice(name):
    X, y = data(name)
    model = clone(ALL[name])
    if "cv" in name:
        cv = [(np.arange(40), np.arange(40, len(y))), (np.arange(40, len(y)), np.arange(40))]
        model.set_params(cv=cv)
    weights = np.random.default_rng(1).integers(0, 3, len(y)).astype(float)
    weighted = clone(model).fit(X, y, sample_weight=weights)
    if "cv" in name:
        owner = np.repeat(np.arange(len(y)), weights.astype(int))
        model.cv = [tuple(np.flatnonzero(np.isin(owner, side)) for side in split) for split in cv]
    repeated = model.fit(*(np.repeat(x, weights.astype(int), axis=0) for x in (X, y)))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=0, atol=1e-8)
    np.testing.assert_allclose(weighted.intercept_, repeated.intercept_, rtol=0, atol=1e-8)


@every_regressor
def test_the_target_may_be_moved_and_scaled(name):
    X, y = regression()
    model = clone(ALL[name])
    first = clone(model).fit(X, y)
    moved = model.fit(X + 7.0, 3.0 * y - 100.0)
    # The path runs three times as fast; the coefficients are in the units of y.
    np.testing.assert_allclose(moved.coef_, 3.0 * first.coef_, rtol=0, atol=1e-6)
    assert moved.t_ == pytest.approx(first.t_ / 3.0, rel=1e-9)


def test_cross_validation_takes_the_best_time_of_the_folds():
    X, y = regression(m=60, n=30)
    cv = KFold(4, shuffle=True, random_state=0)
    model = InverseScaleSpaceCV(cv=cv).fit(X, y)
    errors = np.empty_like(model.mse_path_)
    for fold, (train, test) in enumerate(cv.split(X)):
        for k, t in enumerate(model.times_):
            part = InverseScaleSpace(t=t * (1.0 + 1e-12) or 1e-9).fit(X[train], y[train])
            errors[k, fold] = np.mean((part.predict(X[test]) - y[test]) ** 2)
    np.testing.assert_allclose(model.mse_path_, errors, rtol=1e-8)
    best = np.argmin(errors.mean(axis=1))
    assert model.t_ == model.times_[best]
    np.testing.assert_array_equal(model.coef_, model.coef_path_[best])
    assert 0 < best < len(model.times_) - 1
    assert errors[best].mean() < 0.8 * errors[-1].mean()


@pytest.mark.parametrize("name", ["linearized, cv", "classifier, cv"])
def test_cross_validation_stops_early_and_runs_in_parallel(name):
    X, y = regression(60, 40) if name in REGRESSORS else classes(90, 40)
    model = clone(ALL[name]).fit(X, y)
    losses = model.mse_path_ if name in REGRESSORS else model.log_loss_path_
    best = np.argmin(losses.mean(axis=1))
    assert losses.shape == (len(model.times_), 5)
    assert (model.t_, best > 0) == (model.times_[best], True)
    two = clone(model).set_params(n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(two.coef_, model.coef_)


def test_pipelines_grid_search_and_names():
    pandas = pytest.importorskip("pandas")
    X, y = regression()
    frame = pandas.DataFrame(X, columns=[f"feature {i}" for i in range(20)])
    pipeline = make_pipeline(StandardScaler(), InverseScaleSpace())
    grid = {"inversescalespace__noise_std": [0.2, 0.3, 2.0]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        search = GridSearchCV(pipeline, grid, cv=3).fit(frame, y)
    assert search.best_params_["inversescalespace__noise_std"] < 2.0
    assert search.score(frame, y) > 0.98
    model = pickle.loads(pickle.dumps(InverseScaleSpace().fit(frame, y)))
    assert list(model.feature_names_in_) == list(frame.columns)
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame[frame.columns[::-1]])


def test_iris_is_told_apart():
    X, y = load_iris(return_X_y=True)
    model = make_pipeline(StandardScaler(), LinearizedBregmanClassifierCV())
    assert np.mean(cross_val_score(model, X, y, cv=3)) > 0.93
    fitted = model.fit(X, y)[-1]
    assert fitted.coef_.shape == (3, 4)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), model.predict_proba(X))


@pytest.mark.parametrize(
    ("model", "match"),
    [
        (InverseScaleSpace(t=0.0), "t must be"),
        (InverseScaleSpace(noise_std=-1.0), "noise_std must be"),
        (LinearizedBregman(delta=0.0), "delta must be"),
        (LinearizedBregman(tau=1e3), "tau must be < 2"),
        (LinearizedBregman(max_iter=0), "max_iter must be"),
    ],
)
def test_bad_parameters_are_named(model, match):
    with pytest.raises(ValueError, match=match):
        model.fit(*regression())


def test_bad_data_are_named():
    X, y = regression()
    with pytest.raises(ValueError, match="sample_weight must be >= 0"):
        InverseScaleSpace().fit(X, y, sample_weight=-np.ones(80))
    with pytest.raises(ValueError, match="at least two classes"):
        LinearizedBregmanClassifier().fit(X, np.ones(80, dtype=int))
    lone = np.array([0] * 40 + [1] * 39 + [2])
    split = [(np.arange(79), np.arange(79, 80))]
    with pytest.raises(ValueError, match="cv must keep every class"):
        LinearizedBregmanClassifierCV(cv=split, max_iter=5).fit(X, lone)


@pytest.mark.parametrize("name", estimators.__all__)
def test_the_examples(name):
    owner = getattr(estimators, name)
    finder = doctest.DocTestFinder(recurse=False)
    (example,) = finder.find(owner, name, globs={})
    results = doctest.DocTestRunner().run(example)
    assert (results.failed, results.attempted > 4) == (0, True)


@pytest.mark.parametrize("shape", [(60, 12), (15, 40), (60, 50)])
@pytest.mark.parametrize("model", [LinearizedBregman(), LinearizedBregmanClassifier()])
def test_sparse_features_make_the_same_model(model, shape):
    """The step size does not depend on how X is stored."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal(shape) * (rng.random(shape) < 0.5)
    y = X[:, 0] - X[:, 3] + 0.3 * rng.standard_normal(shape[0])
    if isinstance(model, LinearizedBregmanClassifier):
        y = y > 0.0
    filled = clone(model).fit(X, y)
    for form in (scipy.sparse.csr_array, scipy.sparse.coo_array):
        found = clone(model).fit(form(X), y)
        np.testing.assert_allclose(found.coef_, filled.coef_, rtol=1e-9, atol=1e-11)
        assert found.t_ == pytest.approx(filled.t_, rel=1e-12)


@pytest.mark.parametrize("form", [np.asarray, scipy.sparse.csr_array])
def test_constant_features_get_no_coefficient(form):
    rng = np.random.default_rng(0)
    y = rng.standard_normal(60)
    for X in (np.ones((60, 3)), np.full((60, 3), 0.1), np.zeros((60, 3))):
        for model in (LinearizedBregman(), InverseScaleSpace()):
            found = model.fit(form(X), y, sample_weight=rng.uniform(0.1, 1.0, 60))
            assert not found.coef_.any()


@pytest.mark.parametrize(
    "model", [InverseScaleSpace(), LinearizedBregman(), LinearizedBregmanClassifier()]
)
def test_weights_whose_sum_overflows(model):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 6))
    y = X[:, 0] + 0.3 * rng.standard_normal(40)
    y = y > 0.0 if isinstance(model, LinearizedBregmanClassifier) else y
    weights = rng.uniform(0.5, 1.0, 40)
    expected = clone(model).fit(X, y, sample_weight=weights).coef_
    found = clone(model).fit(X, y, sample_weight=1.5e308 * weights).coef_
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize("model", [LinearizedBregman(), LinearizedBregmanClassifier()])
def test_features_out_of_range_are_refused(model):
    """Coefficients were all zero, without a word."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 6))
    y = X[:, 0] + 0.3 * rng.standard_normal(40)
    y = y > 0.0 if isinstance(model, LinearizedBregmanClassifier) else y
    with np.errstate(over="ignore"), pytest.raises(ValueError, match="X must be scaled"):
        model.fit(X * 1e150, y)
