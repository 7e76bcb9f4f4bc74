from __future__ import annotations

from collections.abc import Callable

import array_api_strict
import numpy as np
import pytest
import scipy.sparse
from scipy.sparse.linalg import aslinearoperator

from breglab.problems import Huber, LeastSquares, Logistic, Loss, Quadratic

RNG = np.random.default_rng(2022)
TALL, TALL_B = RNG.standard_normal((9, 5)), RNG.standard_normal(9)
WIDE, WIDE_B = RNG.standard_normal((4, 7)), RNG.standard_normal(4)
SPARSE = TALL * (RNG.random((9, 5)) < 0.5)
BINARY = np.array([3, -1, 3, 3, -1, -1, 3, -1, 3])
TRIPLE = np.array([0, 1, 2, 2, 1, 0, 0, 1, 2])
FACTOR = RNG.standard_normal((5, 5))

# Each builder gets a function that carries NumPy data over to another library.
Convert = Callable[[np.ndarray], object]
DENSE: dict[str, Callable[[Convert], Loss]] = {
    "least-squares": lambda to: LeastSquares(to(TALL), to(TALL_B)),
    "wide": lambda to: LeastSquares(to(WIDE), to(WIDE_B)),
    "huber": lambda to: Huber(to(TALL), to(TALL_B), 0.7),
    "binary": lambda to: Logistic(to(TALL), to(BINARY), ridge=0.05),
    "unregularised": lambda to: Logistic(to(TALL), to(BINARY)),
    "multinomial": lambda to: Logistic(to(TALL), to(TRIPLE), ridge=0.05),
    "quadratic": lambda to: Quadratic(to(FACTOR @ FACTOR.T), to(TALL_B[:5])),
}
MATRIX_FREE: dict[str, Callable[[], Loss]] = {
    "sparse": lambda: LeastSquares(scipy.sparse.coo_array(SPARSE), TALL_B),
    "operator": lambda: LeastSquares(aslinearoperator(WIDE), WIDE_B),
    "sparse-huber": lambda: Huber(scipy.sparse.csc_matrix(SPARSE), TALL_B),
    "sparse-multinomial": lambda: Logistic(scipy.sparse.csr_array(SPARSE), TRIPLE, ridge=0.1),
}
FINITE_SUMS = [name for name in (*DENSE, *MATRIX_FREE) if name not in ("quadratic", "operator")]
LIBRARIES = ("numpy", "strict", "torch")


def build(name: str) -> Loss:
    return MATRIX_FREE[name]() if name in MATRIX_FREE else DENSE[name](lambda x: x)


@pytest.fixture(scope="session", params=[*DENSE, *MATRIX_FREE])
def loss(request: pytest.FixtureRequest) -> Loss:
    return build(request.param)


@pytest.fixture(scope="session", params=FINITE_SUMS)
def finite_sum(request: pytest.FixtureRequest) -> Loss:
    return build(request.param)


@pytest.fixture(scope="session", params=LIBRARIES)
def xp(request: pytest.FixtureRequest):
    if request.param == "strict":
        return array_api_strict
    return pytest.importorskip(f"array_api_compat.{request.param}")


@pytest.fixture(scope="session", params=list(DENSE))
def twin(request: pytest.FixtureRequest, xp) -> tuple[Loss, Loss]:
    """One loss in NumPy and the same one in another library."""
    builder = DENSE[request.param]
    return builder(lambda x: x), builder(xp.asarray)
