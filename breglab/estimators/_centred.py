"""Weighted and centred data of a regression, without filling a sparse matrix."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
from scipy.sparse.linalg import LinearOperator, aslinearoperator, eigsh
from sklearn.utils.validation import _check_sample_weight

from breglab._checks import Array
from breglab.solvers.linear_map import LinearMap

SMALL = 20
"""Rows or columns of a sparse matrix up to which its Gram matrix is made."""


class CentredMap(LinearMap):
    """``D (X - 1 mean^T)`` for a sparse X and a diagonal D, given by its entries."""

    def __init__(self, X: Any, scale: Array, mean: Array) -> None:
        super().__init__(aslinearoperator(X))
        self._X, self._scale, self._mean = X, scale, mean

    def forward(self, x: Array) -> Array:
        """Return the map of x, shape (n,) or (n, K)."""
        self.forwards += 1
        return self._scaled(self._X @ x - self._mean @ x)

    def adjoint(self, y: Array) -> Array:
        """Return the adjoint map of y, shape (m,) or (m, K)."""
        self.adjoints += 1
        scaled = self._scaled(y)
        total = np.sum(scaled, axis=0)
        return self._X.T @ scaled - np.multiply.outer(self._mean, total)

    def columns(self, index: Array) -> Array:
        """Return columns, dense, shape (m, len(index))."""
        self.forwards += len(index) / self.shape[1]
        return self._scaled(self._X[:, index].toarray() - self._mean[index])

    def _scaled(self, y: Array) -> Array:
        return self._scale.reshape(-1, *(1,) * (y.ndim - 1)) * y


@dataclass(frozen=True, eq=False)
class Regression:
    """The data of ``min |A u - b|^2/2``, the mean squared error with weights, halved.

    With weights w that add up to W, rows are scaled by sqrt(w/W), so |A u - b| is the weighted root
    mean square of the residuals, in the units of y. Means are taken off if there is an intercept.

    Attributes
    ----------
    A : LinearMap
        Shape (m, n).
    b : array, shape (m,)
        Target.
    x_mean, y_mean : array, shape (n,), and float
        What was taken off; zero without an intercept.
    """

    A: LinearMap
    b: Array
    x_mean: Array
    y_mean: float

    def intercept(self, coef: Array) -> Any:
        """Return the intercepts that belong to coefficients, shape (..., n)."""
        return self.y_mean - coef @ self.x_mean


def regression(X: Any, y: Array, weights: Array, fit_intercept: bool) -> Regression:
    """Return the data of a regression from checked X, y and weights.

    Raises
    ------
    TypeError
        If fit_intercept is not a bool.
    """
    if not isinstance(fit_intercept, bool | np.bool_):
        raise TypeError(f"fit_intercept must be True or False, got {fit_intercept!r}")
    share = weights / np.sum(weights)
    scale = np.sqrt(share)
    n = X.shape[1]
    x_mean, y_mean = (share @ X, float(share @ y)) if fit_intercept else (np.zeros(n), 0.0)
    x_mean = np.asarray(x_mean).reshape(-1)
    if fit_intercept:
        # The mean of a constant is that constant, not what rounding makes of it.
        first, constant = _constants(X)
        x_mean = np.where(constant, first, x_mean)
        y_mean = float(y[0]) if np.all(y == y[0]) else y_mean
    b = scale * (y - y_mean)
    if not scipy.sparse.issparse(X):
        entries = np.asfortranarray(scale[:, None] * (X - x_mean))
        return Regression(LinearMap(aslinearoperator(entries), dense=entries), b, x_mean, y_mean)
    return Regression(CentredMap(X, scale, x_mean), b, x_mean, y_mean)


def _constants(X: Any) -> tuple[Array, Array]:
    """Return the first row, and which columns are the same in all rows, shape (n,) each."""
    if not scipy.sparse.issparse(X):
        return X[0], np.all(X[0] == X, axis=0)
    least, most = (np.asarray(f(axis=0).toarray()).reshape(-1) for f in (X.min, X.max))
    return least, least == most


def weights_of(sample_weight: Any, X: Any) -> Array:
    """Return weights, shape (m,), ones unless given.

    Raises
    ------
    ValueError
        If they do not fit X, one is negative or not finite, or all are zero.
    """
    weights = _check_sample_weight(sample_weight, X, dtype=np.float64)
    if np.any(weights < 0.0) or not np.any(weights > 0.0):
        raise ValueError(
            "sample_weight must be >= 0 and not all zero, "
            f"got a least value of {np.min(weights):g} and a sum of {np.sum(weights):g}"
        )
    with np.errstate(over="ignore"):
        total = np.sum(weights)
    return weights if np.isfinite(total) else weights / np.max(weights)


def squared_norm(A: LinearMap) -> float:
    """Return |A|^2 to rounding: whether A is filled or sparse does not show in a step size."""
    m, n = A.shape
    if min(m, n) <= SMALL or A.dense is not None:
        if A.dense is not None:
            gram = A.dense.T @ A.dense if n <= m else A.dense @ A.dense.T
        elif n <= m:
            gram = A.adjoint(A.forward(np.eye(n)))
        else:
            gram = A.forward(A.adjoint(np.eye(m)))
        return max(float(np.linalg.eigvalsh(gram)[-1]), 0.0)
    size, product = (n, _gram(A)) if n <= m else (m, _cogram(A))
    start = product(np.random.default_rng(0).standard_normal(size))
    if not start.any():
        return 0.0
    operator = LinearOperator((size, size), matvec=product, dtype=np.float64)
    # The error of the eigenvalue is the square of the tolerance, relative to a distance.
    return float(eigsh(operator, k=1, v0=start, tol=1e-9, return_eigenvectors=False)[0])


def _gram(A: LinearMap) -> Callable[[Array], Array]:
    return lambda x: A.adjoint(A.forward(x))


def _cogram(A: LinearMap) -> Callable[[Array], Array]:
    return lambda y: A.forward(A.adjoint(y))
