"""Weighted and centred data of a regression, without filling a sparse matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse
from scipy.sparse.linalg import aslinearoperator
from sklearn.utils.validation import _check_sample_weight

from breglab._checks import Array
from breglab.solvers.linear_map import LinearMap


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
    """Return the data of a regression from checked X, y and weights."""
    share = weights / np.sum(weights)
    scale = np.sqrt(share)
    n = X.shape[1]
    x_mean, y_mean = (share @ X, float(share @ y)) if fit_intercept else (np.zeros(n), 0.0)
    x_mean = np.asarray(x_mean).reshape(-1)
    b = scale * (y - y_mean)
    if not scipy.sparse.issparse(X):
        entries = np.asfortranarray(scale[:, None] * (X - x_mean))
        return Regression(LinearMap(aslinearoperator(entries), dense=entries), b, x_mean, y_mean)
    return Regression(CentredMap(X, scale, x_mean), b, x_mean, y_mean)


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
    return weights


def squared_norm(A: LinearMap) -> float:
    """Return |A|^2: to rounding for an array, else an estimate by power iteration, 5 % up."""
    m, n = A.shape
    if A.dense is not None:
        gram = A.dense.T @ A.dense if n <= m else A.dense @ A.dense.T
        return float(np.linalg.eigvalsh(gram)[-1])
    x = np.random.default_rng(0).standard_normal(n)
    norm = 0.0
    for _ in range(100):
        x = A.adjoint(A.forward(x))
        norm = float(np.linalg.norm(x))
        if norm == 0.0:
            break
        x /= norm
    return 1.05 * norm
