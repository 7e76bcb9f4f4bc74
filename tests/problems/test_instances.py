from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

from breglab import problems
from breglab.problems import LeastSquares, Logistic, Quadratic

EPS = np.finfo(float).eps
SEEDLESS = ("diabetes", "breast-cancer", "example-1")
ORTHONORMAL = ("diabetes-cs", "breast-cancer-cs", "photograph")
SHAPES = {
    "breast-cancer": (569, 30),
    "breast-cancer-cs": (60, 495),
    "correlated": (60, 200),
    "diabetes": (442, 64),
    "diabetes-cs": (40, 283),
    "example-1": (None, 1),
    "gaussian": (60, 200),
    "group": (80, 200),
    "nonnegative": (60, 120),
    "photograph": (8192, 16384),
    "quadratic": (None, 20),
    "simplex": (60, 30),
}


@pytest.fixture(scope="module", params=list(SHAPES))
def problem(request):
    return problems.load(request.param, seed=4)


def fingerprint(problem):
    """Value and gradient at two points, which pin a loss of this kind down in practice."""
    thetas = np.stack([np.zeros(problem.loss.size), np.linspace(-1, 1, problem.loss.size)])
    return problem.loss.gradient(thetas)


def test_registry_lists_exactly_these():
    assert problems.names() == tuple(SHAPES)


def test_shapes_and_descriptions(problem):
    terms, size = SHAPES[problem.name]
    assert problem.loss.size == size
    assert getattr(problem.loss, "terms", None) == terms
    assert problem.title.endswith(".")
    assert problem.source
    assert problem.domain in ("reals", "nonnegative", "simplex")
    assert problem.feature_names is None or len(set(problem.feature_names)) == size
    assert problem.groups is None or problem.groups.shape == (size,)
    assert problem.real_data == (problem.source != "simulated" and problem.name != "example-1")


def test_seed_decides_everything(problem):
    same = problems.load(problem.name, seed=4)
    np.testing.assert_array_equal(fingerprint(problem), fingerprint(same))
    other = problems.load(problem.name, seed=5)
    equal = np.array_equal(fingerprint(problem), fingerprint(other))
    assert equal == (problem.name in SEEDLESS)


def test_consistent_data_can_be_met(problem):
    loss = problem.loss
    if problem.noise_std != 0.0 or not isinstance(loss, LeastSquares):
        return
    theta = loss.minimiser() if problem.theta_true is None else problem.theta_true
    slack = 100 * loss.size * EPS * (loss.lipschitz**0.5 * np.linalg.norm(theta))
    assert np.linalg.norm(loss.residual(theta)) <= slack
    assert loss.infimum == 0.0


def test_truth_lies_in_the_domain(problem):
    theta = problem.theta_true
    if theta is None:
        assert problem.real_data
        return
    assert theta.shape == (problem.loss.size,)
    if problem.domain != "reals":
        assert np.all(theta >= 0)
    if problem.domain == "simplex":
        assert theta.sum() == pytest.approx(1.0, abs=10 * EPS)


def test_problems_survive_pickling(problem):
    copy = pickle.loads(pickle.dumps(problem))
    np.testing.assert_array_equal(fingerprint(copy), fingerprint(problem))


@pytest.mark.parametrize("name", ORTHONORMAL)
def test_rows_are_orthonormal_where_lipschitz_is_one(name):
    loss = problems.load(name).loss
    assert loss.lipschitz == 1.0
    # The gradient is A^T (A theta - b), and A A^T = I makes A^T A a projection.
    rng = np.random.default_rng(0)
    directions = rng.standard_normal((3, loss.size))
    offset = loss.gradient(np.zeros(loss.size))
    once = loss.gradient(directions) - offset
    twice = loss.gradient(once) - offset
    np.testing.assert_allclose(twice, once, rtol=0, atol=1e-12)
    trace_free = np.linalg.norm(loss.residual(once) - loss.residual(directions))
    assert trace_free <= 1e-12 * np.linalg.norm(directions)


def test_orthonormal_rows_keep_the_solutions():
    from breglab.problems.instances._tables import orthonormal_rows

    rng = np.random.default_rng(0)
    A, b = rng.standard_normal((5, 9)), rng.standard_normal(5)
    Q, c = orthonormal_rows(A, b)
    np.testing.assert_allclose(Q @ Q.T, np.eye(5), atol=20 * EPS)
    np.testing.assert_allclose(np.linalg.pinv(Q) @ c, np.linalg.pinv(A) @ b, atol=500 * EPS)
    # (A A^T)^(1/2) takes [Q, c] back to [A, b], and it is symmetric positive definite.
    root = A @ Q.T
    np.testing.assert_allclose(root, root.T, atol=50 * EPS)
    assert np.linalg.eigvalsh(root)[0] > 0
    np.testing.assert_allclose(root @ np.column_stack([Q, c]), np.column_stack([A, b]), atol=1e-13)


def test_sparsity_of_the_simulated_truths():
    for name, count in {"gaussian": 8, "correlated": 8, "nonnegative": 8, "simplex": 4}.items():
        assert np.count_nonzero(problems.load(name).theta_true) == count
    for name in ("gaussian", "correlated", "group"):
        sizes = np.abs(problems.load(name).theta_true)
        assert np.all((sizes == 0) | ((sizes >= 1) & (sizes <= 2)))
    group = problems.load("group")
    active = group.groups[group.theta_true != 0]
    assert np.unique(active).size == 4
    assert active.size == 20


def test_correlated_columns_are_correlated():
    A = component_matrix(problems.load("correlated").loss)
    rows = A * np.sqrt(60)
    lagged = [np.mean(rows[:, lag:] * rows[:, : 200 - lag]) for lag in (0, 1, 5)]
    # 60 rows of 200 entries with correlation time 10 are some 600 independent products.
    np.testing.assert_allclose(lagged, [1.0, 0.9, 0.9**5], atol=4 * np.sqrt(2 / 600))


def component_matrix(loss):
    """The matrix A of a least-squares loss, from its residuals."""
    return (loss.residual(np.eye(loss.size)) - loss.residual(np.zeros(loss.size))).T


def test_nonnegative_matrices_are_nonnegative():
    for name in ("nonnegative", "simplex"):
        assert component_matrix(problems.load(name).loss).min() >= -100 * EPS


def test_diabetes_is_the_classical_table():
    problem = problems.load("diabetes")
    A = component_matrix(problem.loss)
    np.testing.assert_allclose(np.linalg.norm(A, axis=0), 1.0, atol=100 * EPS)
    np.testing.assert_allclose(A.sum(axis=0), 0.0, atol=1e-12)
    assert problem.loss.value(np.zeros(64)) == pytest.approx(0.5, rel=100 * EPS)
    # R^2 of the full quadratic model, Efron et al. (2004): the residual is known to others, too.
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import LinearRegression
    from sklearn.preprocessing import PolynomialFeatures

    X, y = load_diabetes(return_X_y=True)
    monomials = PolynomialFeatures(2).fit_transform(10 * X)
    unexplained = 1 - LinearRegression().fit(monomials, y).score(monomials, y)
    assert 2 * problem.loss.infimum == pytest.approx(unexplained, rel=1e-8)
    assert problem.noise_std == pytest.approx((unexplained / (442 - 65)) ** 0.5, rel=1e-8)
    assert "sex" in problem.feature_names
    assert "sex^2" not in problem.feature_names


def test_breast_cancer_predicts_most_patients():
    problem = problems.load("breast-cancer")
    assert isinstance(problem.loss, Logistic)
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer()
    X = (data.data - data.data.mean(axis=0)) / data.data.std(axis=0)
    accuracy = np.mean((X @ problem.loss.minimiser() > 0) == (data.target == 1))
    assert accuracy > 0.95


def test_quadratics_have_their_constants():
    loss = problems.load("quadratic").loss
    assert isinstance(loss, Quadratic)
    assert loss.lipschitz == pytest.approx(1.0, rel=100 * EPS)
    assert loss.strong_convexity == pytest.approx(0.1, rel=1e3 * EPS)
    example = problems.load("example-1").loss
    np.testing.assert_array_equal(example.value(np.array([[-1.0], [0.0], [10.0]])), [0, 1, 121])


def test_photograph_is_a_picture():
    problem = problems.load("photograph")
    image = problem.synthesis(problem.theta_true)
    assert image.shape == problem.image_shape
    assert image.min() >= -100 * EPS
    assert image.max() <= 1 + 100 * EPS
    # Compressible: the largest quarter of the coefficients holds nearly all of the energy.
    energies = np.sort(problem.theta_true**2)
    assert energies[: 3 * energies.size // 4].sum() < 0.01 * energies.sum()


def test_unknown_names_and_seeds_are_refused():
    with pytest.raises(ValueError, match=r"name must be one of 'breast-cancer', .*got 'lena'"):
        problems.load("lena")
    with pytest.raises(ValueError, match="seed must be an integer >= 0, got -1"):
        problems.load("gaussian", seed=-1)
    with pytest.raises(TypeError, match="seed must be an integer"):
        problems.load("gaussian", seed=1.0)


def test_import_needs_no_heavy_library():
    code = (
        "import sys, breglab.problems;"
        "print(sorted({'sklearn', 'torch', 'cvxpy', 'matplotlib'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
