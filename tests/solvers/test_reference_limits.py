"""References are the limits of linearized Bregman iterations, for every functional."""

from __future__ import annotations

import numpy as np
import pytest
from solver_cases import FUNCTIONALS, N, measurements

from breglab.geometry import ElasticNet
from breglab.iteration import MaxIterations, Momentum, Residual, Status, run
from breglab.problems import LeastSquares
from breglab.solvers import constrained, kkt_residual, penalized

every = pytest.mark.parametrize("J", FUNCTIONALS.values(), ids=FUNCTIONALS.keys())


@every
def test_linearized_bregman_from_zero_converges_to_the_constrained_reference(J):
    A, b = measurements(4)
    delta = 2.0
    # v stays in the range of A^T, so that the limit is the minimiser of J_delta on A x = b.
    loss = LeastSquares(A, b)
    stop = Residual(1e-11, every=50) | MaxIterations(60000)
    trace = run(loss, ElasticNet(J, delta), rule=Momentum(0.95),
                step_size=4 / (delta * loss.lipschitz), stop=stop, sample=10**6)  # fmt: skip
    assert trace.status is Status.RESIDUAL
    reference = constrained(A, b, J, delta)
    np.testing.assert_allclose(trace.theta, reference.x, rtol=0, atol=1e-7)
    y = np.linalg.lstsq(A.T, trace.v)[0]
    np.testing.assert_allclose(A.T @ y, trace.v, atol=1e-10)
    assert kkt_residual(A, b, J, delta, trace.theta, y, exact_data=True) <= 1e-9


@every
@pytest.mark.parametrize("delta", [2.0, np.inf])
def test_no_neighbour_is_better(J, delta):
    A, b = measurements(5)
    b = b + 0.3 * np.sin(np.arange(b.size))
    square = 0.0 if np.isinf(delta) else 1 / (2 * delta)

    def objective(x):
        fit = np.sum((x @ A.T - b) ** 2, axis=-1) / 2
        return fit + J.value(x) + square * np.sum(x**2, axis=-1)

    x = penalized(A, b, J, delta).x
    inside = J.prox(x, 1e-12)  # the solver may leave the domain by its own rounding
    rng = np.random.default_rng(6)
    steps = rng.standard_normal((2000, N)) * 10.0 ** rng.uniform(-6, 0, (2000, 1))
    assert np.all(objective(inside + steps) >= objective(inside) - 1e-10)


@every
def test_the_reference_keeps_its_promise(J):
    A, b = measurements(7)
    for reference, exact in ((constrained(A, b, J, 5.0), True), (penalized(A, b, J, 5.0), False)):
        residual = kkt_residual(A, b, J, 5.0, reference.x, reference.y, exact_data=exact)
        assert reference.kkt_residual == residual <= 1e-7
        assert reference.solver == "CLARABEL"
        assert reference.x.shape == (N,)
        assert reference.y.shape == b.shape
