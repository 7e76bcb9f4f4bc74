"""Mirror maps in every array library, and the arguments that they refuse."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from geometry_cases import BACKENDS, MIRROR_MAPS, N, backend, primal, shaped, tolerance

from breglab.geometry import (
    L1,
    ElasticNet,
    Entropy,
    Euclidean,
    Hypentropy,
    Nuclear,
    PNorm,
    TotalVariation1D,
)

POINTS = np.round(256 * np.random.default_rng(7).standard_normal((2, 5, N))) / 256

every = pytest.mark.parametrize("phi", MIRROR_MAPS.values(), ids=MIRROR_MAPS.keys())


# The prox of the total variation is for NumPy arrays.
PAIRS = [
    pytest.param(phi, library, id=f"{name}-{library}")
    for name, phi in MIRROR_MAPS.items()
    for library in BACKENDS
    if library.startswith("numpy") or not isinstance(getattr(phi, "J", None), TotalVariation1D)
]


@pytest.mark.parametrize(("phi", "library"), PAIRS)
def test_results_agree_with_numpy_in_double_precision(phi, library):
    to = backend(library)
    v, theta = shaped(phi, POINTS), primal(phi, POINTS)
    if isinstance(getattr(phi, "J", None), Nuclear):
        theta = shaped(phi, POINTS)  # of full rank, which no rounding changes
    w = phi.to_dual(theta)

    def results(v, theta, w):
        return {
            "value": phi.value(theta),
            "to_dual": phi.to_dual(theta),
            "to_primal": phi.to_primal(v),
            "conjugate": phi.conjugate(v),
            "divergence": phi.divergence(theta, theta[:, 1:2, ...], w[:, 1:2, ...]),
            "subdifferential_residual": phi.subdifferential_residual(theta, v),
        }

    arrays = [to.array(part) for part in (v, theta, w)]
    before = [np.array(to.numpy(part)) for part in arrays]
    expected, got = results(v, theta, w), results(*arrays)
    allowed = tolerance(v**2, w**2, theta**2, phi.to_primal(v), dtype=before[0].dtype)
    for name, answer in got.items():
        assert answer.dtype == to.dtype, name
        assert isinstance(answer, type(arrays[0]) | np.floating), name
        np.testing.assert_allclose(
            to.numpy(answer), expected[name], rtol=0, atol=allowed, err_msg=name
        )
    for old, part in zip(before, arrays, strict=True):
        np.testing.assert_array_equal(to.numpy(part), old)


@every
def test_maps_return_new_arrays(phi):
    v, theta = shaped(phi, POINTS.copy()), primal(phi, POINTS).copy()
    kept = theta.copy()
    phi.to_primal(v)[...] = 7.0
    phi.to_dual(theta)[...] = 7.0
    np.testing.assert_array_equal(v, shaped(phi, POINTS))
    np.testing.assert_array_equal(theta, kept)


@every
@pytest.mark.parametrize("method", ["value", "to_dual", "to_primal", "conjugate"])
def test_arrays_are_checked(phi, method):
    call = getattr(phi, method)
    name = "theta" if method in ("value", "to_dual") else "v"
    good = shaped(phi, np.zeros(N))
    with pytest.raises(TypeError, match=f"^{name} must be an array"):
        call([0.0] * N)
    with pytest.raises(TypeError, match=f"^{name} must have a real floating dtype"):
        call(good.astype(int))
    with pytest.raises(ValueError, match=f"^{name} must have at least {phi.event_ndim} axes"):
        call(np.zeros((1,) * (phi.event_ndim - 1)))
    with pytest.raises(ValueError, match=f"^{name} must not be empty"):
        call(good[:0])
    with pytest.raises(ValueError, match=f"^{name} must be finite"):
        call(good + math.nan)
    if phi.event_size is not None:
        with pytest.raises(ValueError, match=f"^{name} must have length {N}"):
            call(np.zeros(N - 1))


@every
def test_shapes_that_do_not_fit_are_named(phi):
    two, three = shaped(phi, np.zeros((2, N))), shaped(phi, np.zeros((3, N)))
    with pytest.raises(ValueError, match=r"^theta and v must have points of one shape.*\(2, .*\(3"):
        phi.subdifferential_residual(two, three)
    with pytest.raises(ValueError, match=r"^x and y and v_at_y must have points of one shape"):
        phi.divergence(two, two, three)


@pytest.mark.parametrize("p", [1.0, 2.5, 0.0, -1.0, math.inf, math.nan])
def test_exponent_lies_between_one_and_two(p):
    with pytest.raises(ValueError, match=r"^p must be finite and > 1 and <= 2"):
        PNorm(p)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.inf, math.nan])
def test_delta_and_beta_are_positive(bad):
    with pytest.raises(ValueError, match=r"^delta must be finite and > 0"):
        ElasticNet(L1(), bad)
    with pytest.raises(ValueError, match=r"^beta must be finite and > 0"):
        Hypentropy(bad)


def test_delta_has_an_inverse():
    for delta in (5e-324, 1e-309):
        with pytest.raises(ValueError, match=r"^1 / delta must be finite and > 0, got inf"):
            ElasticNet(L1(), delta)
    assert ElasticNet(L1(), 1e-307).strong_convexity == 1 / 1e-307


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("J", [L1(0.5), TotalVariation1D(0.5)])
def test_products_with_delta_that_do_not_fit_are_refused(dtype, J):
    delta = 2.0**100
    limit = float(np.finfo(dtype).max) / delta
    phi, inside = ElasticNet(J, delta), np.array([0.999 * limit, 0.0, -0.5 * limit], dtype=dtype)
    assert np.isfinite(phi.to_primal(inside)).all()
    for call in (phi.to_primal, phi.conjugate):
        for error in (ValueError, OverflowError):
            with pytest.raises(error, match=r"^\|v\| must be <= .*, so that delta v fits float"):
                call(-inside * dtype(1.01))
    assert ElasticNet(J, 0.5).to_primal(np.full(2, np.finfo(dtype).max)).dtype == dtype


def test_types_of_parameters_are_checked():
    with pytest.raises(TypeError, match=r"^J must be a Functional, got Euclidean"):
        ElasticNet(Euclidean())
    with pytest.raises(TypeError, match=r"^delta must be a real number"):
        ElasticNet(L1(), True)
    with pytest.raises(ValueError, match=r"^domain must be one of 'simplex', 'orthant', got 'box'"):
        Entropy("box")


def test_entropy_has_dual_points_in_the_interior_only():
    for domain in ("simplex", "orthant"):
        for bad in ([0.0, 1.0], [1.5, -0.5]):
            with pytest.raises(
                ValueError, match=f"^theta must lie in the interior of the {domain}"
            ):
                Entropy(domain).to_dual(np.array(bad))
    with pytest.raises(ValueError, match=r"^theta must lie in the simplex.* sum to 1"):
        Entropy().to_dual(np.array([0.5, 0.25]))
    outside, inside = np.array([0.0, 2.0]), np.array([0.5, 0.5])
    with pytest.raises(ValueError, match=r"^y must lie in the domain of .*, where phi is finite"):
        Entropy().divergence(inside, outside, inside)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_exponentials_that_do_not_fit_are_refused(dtype):
    limit = math.log(float(np.finfo(dtype).max))
    below = np.array([limit * 0.999, 0.0], dtype=dtype)
    for phi in (Entropy("orthant"), Hypentropy()):
        for call in (phi.to_primal, phi.conjugate):
            assert np.isfinite(call(below)).all()
            with pytest.raises(ValueError, match=r"^v must be <= .*, so that exp\(v\) fits float"):
                call(below * dtype(1.01))
            with pytest.raises(OverflowError):
                call(below * dtype(1.01))
    with pytest.raises(ValueError, match=r"^v must be <= "):
        Hypentropy().to_primal(-1.01 * below)
    assert np.array_equal(Entropy("orthant").to_primal(np.array([-1e4])), [0.0])
    assert np.array_equal(Entropy().to_primal(np.array([1e4, -1e4])), [1.0, 0.0])
    assert Entropy().conjugate(np.array([1e4, -1e4])) == 1e4


@every
def test_mirror_maps_are_values(phi):
    twin = pickle.loads(pickle.dumps(phi))
    assert twin == phi
    assert hash(twin) == hash(phi)
