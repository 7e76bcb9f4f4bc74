"""The certified bound on spectra where plain Ritz values fall short or where Lanczos breaks."""

from __future__ import annotations

import numpy as np
import pytest

from breglab.problems._lanczos import eigenvalue_bound

N = 4000
RAMP = np.linspace(0.0, 1.0, N)
SPECTRA = {
    "flat": np.ones(N),
    "one outlier": np.where(np.arange(N) == 7, 1.0, 1e-3),
    "one outlier, hardly out": np.where(np.arange(N) == 7, 1.0, 0.999),
    "ramp": RAMP,
    "crowded at the top": 1 - (1 - RAMP) ** 4,
    "crowded at the bottom": RAMP**8,
    "one value among zeros": np.where(np.arange(N) == 7, 1.0, 0.0),
    "geometric": np.geomspace(1e-16, 1.0, N),
}


@pytest.mark.parametrize("spectrum", SPECTRA.values(), ids=SPECTRA.keys())
@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e20])
def test_bound_is_above_and_within_a_percent(spectrum, scale):
    # By the rotation invariance of the start, diagonal matrices are the general case.
    for seed in range(2):
        bound = eigenvalue_bound(lambda x: scale * spectrum * x, N, seed=seed)
        assert scale <= bound <= 1.01 * scale


def test_ritz_value_alone_would_not_be_a_bound():
    spectrum = SPECTRA["crowded at the top"]
    margin = (np.log(1.648 * np.sqrt(N) * 1e12) / 399) ** 2
    bound = eigenvalue_bound(lambda x: spectrum * x, N)
    assert bound * (1 - margin) < 1.0 <= bound


def test_small_matrices_are_exact():
    A = np.random.default_rng(0).standard_normal((40, 12))
    bound = eigenvalue_bound(lambda x: A @ (A.T @ x), 40)
    assert bound == pytest.approx(np.linalg.norm(A, 2) ** 2, rel=100 * np.finfo(float).eps)
    assert eigenvalue_bound(lambda x: 3.0 * x, 1) == pytest.approx(3.0)


def test_zero_matrix():
    assert eigenvalue_bound(lambda x: 0.0 * x, 500) == 0.0
