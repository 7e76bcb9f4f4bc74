"""Every functional in every array library: same numbers, dtype kept, input untouched."""

from __future__ import annotations

import numpy as np
import pytest
from geometry_cases import BACKENDS, FUNCTIONALS, backend, shaped, tolerance

from breglab.geometry import TotalVariation1D

# Multiples of 1/256 are exact in float32, so that all libraries start from the same numbers.
POINTS = np.round(256 * 2 * np.random.default_rng(7).standard_normal((2, 5, 12))) / 256

every = pytest.mark.parametrize("J", FUNCTIONALS.values(), ids=FUNCTIONALS.keys())
libraries = pytest.mark.parametrize("library", BACKENDS)


def results(J, x, y, u, p):
    """Return all that J computes: x is any point, y a dual point, and p lies in dJ(u)."""
    answers = {
        "value": J.value(x),
        "value in the domain": J.value(u),
        "subgradient": J.subgradient(u),
        "conjugate": J.conjugate(y),
        "bregman_distance": J.bregman_distance(u, u[:, 1:2, ...], p[:, 1:2, ...]),
    }
    if not (isinstance(J, TotalVariation1D) and not isinstance(x, np.ndarray)):
        answers["prox"] = J.prox(x, 0.7)
        answers["subdifferential_residual"] = J.subdifferential_residual(u, y)
    return answers


@every
@libraries
def test_results_agree_with_numpy_in_double_precision(J, library):
    to = backend(library)
    x = shaped(J, POINTS)
    u = (
        shaped(J, np.flip(POINTS, 0).copy())
        if np.isfinite(J.value(x)).all()
        else np.clip(x, 0.0, 1.0)
    )
    inputs = (x, 0.25 * x, u, J.subgradient(u))
    # Subgradients that are not exact in float32 enter it rounded.
    arrays = [to.array(part) for part in inputs]
    before = [np.array(to.numpy(part)) for part in arrays]
    expected = results(J, *inputs)
    got = results(J, *arrays)
    allowed = tolerance(x**2, dtype=to.numpy(arrays[0]).dtype)
    for name, answer in got.items():
        assert answer.dtype == to.dtype, name
        assert isinstance(answer, type(arrays[0]) | np.floating), name
        np.testing.assert_allclose(
            to.numpy(answer), expected[name], rtol=0, atol=allowed, err_msg=name
        )
    for old, part in zip(before, arrays, strict=True):
        np.testing.assert_array_equal(to.numpy(part), old)


@every
@libraries
def test_a_single_point_gives_a_number(J, library):
    x = backend(library).array(np.clip(shaped(J, POINTS[0, 0]), 0.0, 1.0))
    for answer in (J.value(x), J.conjugate(x), J.bregman_distance(x, x, J.subgradient(x))):
        assert tuple(answer.shape) == ()
        assert answer.dtype == x.dtype


@every
def test_prox_returns_a_new_array(J):
    x = shaped(J, POINTS.copy())
    J.prox(x, 0.5)[...] = 7.0
    J.subgradient(np.clip(x, 0.0, 1.0))[...] = 7.0
    np.testing.assert_array_equal(x, shaped(J, POINTS))


@pytest.mark.parametrize("library", BACKENDS[2:])
def test_prox_of_total_variation_refuses_other_libraries(library):
    x = backend(library).array(POINTS)
    with pytest.raises(TypeError, match="x must be a NumPy array"):
        TotalVariation1D().prox(x)
