"""Bregman iterations: exact steps, contrast lost and found, ROF against cvxpy and closed forms."""

from __future__ import annotations

import doctest
import importlib

import cvxpy as cp
import numpy as np
import pytest
from path_cases import DEGENERATE, gaussian

from breglab.solvers import (
    bregman_denoising,
    bregman_iteration,
    inverse_scale_space_path,
    rof,
)
from breglab.solvers._path_data import PathStatus

BOX = np.zeros((24, 30))
BOX[7:17, 5:21] = 1.0
INSIDE = BOX == 1.0


def disc(size, radius):
    grid = np.indices((size, size)) - (size - 1) / 2.0
    return (np.hypot(*grid) < radius).astype(float)


@pytest.mark.parametrize("name", DEGENERATE)
def test_every_step_is_a_subgradient_and_adds_the_residual(name):
    A, b = DEGENERATE[name]
    found = bregman_iteration(A, b, 0.7, steps=12)
    assert found.status is PathStatus.HORIZON
    assert found.optimality() <= 1e-10
    assert np.all(np.diff(found.residuals) <= 1e-12)


def test_a_step_is_what_cvxpy_finds():
    A, b = gaussian(10, 15)
    found = bregman_iteration(A, b, 3.0, steps=3)
    u = cp.Variable(15)
    for k in range(3):
        p = found.dual[k]
        objective = cp.norm1(u) - p @ u + 1.5 * cp.sum_squares(A @ u - b)
        value = cp.Problem(cp.Minimize(objective)).solve(solver="CLARABEL")
        ours = found.primal[[k + 1]].toarray()[0]
        reached = np.sum(np.abs(ours)) - p @ ours + 1.5 * np.sum((A @ ours - b) ** 2)
        assert reached == pytest.approx(value, rel=1e-7, abs=1e-7)


def test_small_steps_follow_inverse_scale_space_with_order_one():
    A, b = gaussian()
    path = inverse_scale_space_path(A, b)
    t = path.times[len(path.times) // 2]
    primal, dual = [], []
    for steps in (40, 160, 640, 2560):
        found = bregman_iteration(A, b, t / steps, steps=steps)
        dual.append(np.max(np.abs(found.dual - path.dual_at(found.times))))
        off = np.max(np.abs(found.primal.toarray() - path.at(found.times)), axis=1)
        primal.append(np.mean(off))
    for errors in (primal, dual):
        assert np.log(errors[0] / errors[-1]) / np.log(64.0) == pytest.approx(1.0, abs=0.2)


def test_the_dual_is_exact_until_the_first_entry_leaves():
    A, b = gaussian()
    path = inverse_scale_space_path(A, b)
    support = path.primal.toarray() != 0.0
    leaves = np.argmax(np.any(support[:-1] & ~support[1:], axis=1)) + 1
    assert leaves > 3
    t = path.times[leaves]
    found = bregman_iteration(A, b, t / 40.0, steps=40)
    np.testing.assert_allclose(found.dual, path.dual_at(found.times), rtol=0, atol=1e-12)


def test_the_iteration_stops_by_discrepancy_and_names_bad_arguments():
    A, b = gaussian()
    whole = bregman_iteration(A, b, 0.5, steps=40)
    sigma = 0.3 * np.linalg.norm(b)
    found = bregman_iteration(A, b, 0.5, steps=40, sigma=sigma)
    assert found.status is PathStatus.RESIDUAL
    assert found.end == whole.stopped(sigma)
    np.testing.assert_allclose(found.at(found.end), whole.at(found.end), rtol=0, atol=1e-12)
    with pytest.raises(ValueError, match="alpha must be"):
        bregman_iteration(A, b, 0.0, steps=1)
    with pytest.raises(ValueError, match="sigma must be at least"):
        found.stopped(0.1 * sigma)


@pytest.mark.parametrize("isotropic", [False, True])
def test_rof_is_what_cvxpy_finds(isotropic):
    f = np.random.default_rng(0).standard_normal((7, 9))
    found = rof(f, 1.3, isotropic=isotropic, tol=1e-9)
    assert found.certified
    u = cp.Variable(f.shape)
    down = cp.vstack([u[1:] - u[:-1], np.zeros((1, 9))])
    right = cp.hstack([u[:, 1:] - u[:, :-1], np.zeros((7, 1))])
    slopes = cp.vstack([cp.vec(down, order="C"), cp.vec(right, order="C")])
    variation = cp.sum(cp.norm(slopes, 2 if isotropic else 1, axis=0))
    problem = cp.Problem(cp.Minimize(variation + 0.65 * cp.sum_squares(u - f)))
    value = problem.solve(solver="CLARABEL")
    assert found.objective == pytest.approx(value, rel=1e-7)
    np.testing.assert_allclose(found.image, u.value, atol=1e-3)


def test_a_gap_is_a_proof():
    f = disc(32, 10.0) + 0.1 * np.random.default_rng(1).standard_normal((32, 32))
    best = rof(f, 4.0, tol=1e-9)
    for tol in (1e-2, 1e-4):
        rough = rof(f, 4.0, tol=tol)
        assert rough.gap <= tol
        assert rough.objective * (1.0 - rough.gap) <= best.objective <= rough.objective
        squared = np.sum((rough.image - best.image) ** 2)
        assert squared <= 2.0 * (rough.gap * rough.objective + 1e-8) / 4.0
    # The field is feasible, and the image is what belongs to it.
    assert np.max(np.hypot(*best.field)) <= 1.0 + 1e-15
    late = rof(f, 4.0, tol=1e-9, max_iterations=30)
    assert (late.certified, late.iterations) == (False, 30)
    assert rof(f, 4.0, tol=1e-9, start=best.field).iterations == 0


def test_a_signal_is_denoised_exactly():
    rng = np.random.default_rng(2)
    f = np.repeat([0.0, 2.0, 1.0], 10) + 0.2 * rng.standard_normal(30)
    found = rof(f, 1.5)
    assert (found.certified, found.iterations) == (True, 0)
    assert found.gap <= 1e-13
    # A strip is a signal: an image of equal columns knows no other solution.
    strip = rof(np.repeat(f[:, None], 4, axis=1), 1.5, tol=1e-10)
    np.testing.assert_allclose(strip.image, np.repeat(found.image[:, None], 4, 1), atol=1e-4)


def test_a_signal_loses_contrast_and_gets_it_back_exactly():
    # A box of height 1 and width 6 in 20: it loses 2/(lam 6), its sides gain 1/(lam 7).
    f = np.zeros(20)
    f[7:13] = 1.0
    found = bregman_denoising(f, 2.0, steps=3)
    first = np.where(f == 1.0, 1.0 - 2.0 / 12.0, 1.0 / 14.0)
    np.testing.assert_allclose(found.images[0], first, rtol=0, atol=1e-14)
    np.testing.assert_allclose(found.images[1:], [f, f], rtol=0, atol=1e-13)


def test_a_box_loses_contrast_and_gets_it_back_exactly():
    # Anisotropic: the loss is perimeter/(lam area), 52 edges around 160 pixels.
    found = bregman_denoising(BOX, 2.0, steps=2, isotropic=False, tol=1e-10)
    assert found.certified
    np.testing.assert_allclose(found.images[0][INSIDE], 1.0 - 52.0 / 320.0, rtol=0, atol=1e-4)
    np.testing.assert_allclose(found.images[1], BOX, rtol=0, atol=1e-4)
    assert found.residuals[1] < 1e-3 * found.residuals[0]


def test_a_disc_loses_contrast_and_gets_it_back():
    # Isotropic, of radius R: 2/(lam R), up to the pixels of its rim.
    R, lam, f = 20.0, 1.0, disc(64, 20.0)
    found = bregman_denoising(f, lam, steps=4, tol=1e-5)
    middle = found.images[:, 28:36, 28:36]
    assert 1.0 - np.mean(middle[0]) == pytest.approx(2.0 / (lam * R), rel=0.05)
    np.testing.assert_allclose(middle[1:], 1.0, rtol=0, atol=5e-3)
    assert np.all(np.diff(found.residuals) < 0.0)


@pytest.mark.parametrize("isotropic", [False, True])
def test_the_subgradients_of_a_sequence_add_up(isotropic):
    rng = np.random.default_rng(3)
    f = disc(16, 5.0) + 0.2 * rng.standard_normal((16, 16))
    found = bregman_denoising(f, 0.8, steps=4, isotropic=isotropic, tol=1e-8)
    steps = np.diff(found.subgradients, axis=0, prepend=np.zeros((1, 16, 16)))
    np.testing.assert_allclose(steps, 0.8 * (f - found.images), rtol=0, atol=1e-12)
    # A subgradient of a one-homogeneous J has <p, u> = J(u).
    for u, p in zip(found.images, found.subgradients, strict=True):
        down, right = np.zeros((2, 16, 16))
        down[:-1], right[:, :-1] = np.diff(u, axis=0), np.diff(u, axis=1)
        size = np.hypot(down, right) if isotropic else np.abs(down) + np.abs(right)
        assert np.sum(p * u) == pytest.approx(np.sum(size), rel=1e-5)


def test_denoising_stops_by_discrepancy():
    rng = np.random.default_rng(4)
    clean = disc(48, 15.0)
    f = clean + 0.15 * rng.standard_normal(clean.shape)
    sigma = 0.15 * 48.0
    found = bregman_denoising(f, 0.5, steps=60, sigma=sigma, tol=1e-4)
    assert found.status is PathStatus.RESIDUAL
    assert found.residuals[-1] <= sigma < found.residuals[-2]
    errors = np.linalg.norm(found.images - clean, axis=(1, 2))
    assert errors[-1] < 0.4 * np.linalg.norm(f - clean)
    # Better than ROF itself with the same misfit.
    lams = np.geomspace(1.0, 30.0, 24)
    alone = min((rof(f, lam, tol=1e-3).image for lam in lams),
                key=lambda u: abs(np.linalg.norm(u - f) - sigma))  # fmt: skip
    assert errors[-1] < np.linalg.norm(alone - clean)


def test_bad_images_are_named():
    with pytest.raises(ValueError, match="f must be a signal or an image"):
        rof(np.zeros((2, 2, 2)), 1.0)
    with pytest.raises(ValueError, match="start must have shape"):
        rof(np.zeros((3, 3)), 1.0, start=np.zeros((2, 2, 2)))
    with pytest.raises(ValueError, match="lam must be"):
        rof(np.zeros(3), -1.0)


@pytest.mark.parametrize("name", ["bregman_iteration", "bregman_denoising", "rof"])
def test_the_examples(name):
    module = importlib.import_module(f"breglab.solvers.{name}")
    assert doctest.testmod(module).failed == 0
