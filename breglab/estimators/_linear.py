"""What the regressors share: checks, the path, the place on it, prediction."""

from __future__ import annotations

import abc
import warnings
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data

from breglab._checks import Array
from breglab.estimators._centred import Regression, regression, weights_of


class PathRegressor(RegressorMixin, BaseEstimator, abc.ABC):  # type: ignore[misc]
    """A linear regressor that follows a path in time and takes one point of it."""

    fit_intercept: bool

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Fit the path and choose the point on it.

        Parameters
        ----------
        X : array or sparse array, shape (n_samples, n_features)
            Features.
        y : array, shape (n_samples,)
            Target.
        sample_weight : array, shape (n_samples,), optional
            Weights >= 0; a weight of 2 is the same as the sample given twice.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the data do not fit, or a parameter is out of its range.
        """
        return self._fit(X, y, sample_weight)

    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any = None) -> Any:
        X, y = validate_data(
            self, X, y, accept_sparse="csc", dtype=np.float64, y_numeric=True, order="F"
        )
        y = y.astype(np.float64, copy=False)
        weights = weights_of(sample_weight, X)
        data = regression(X, y, weights, self.fit_intercept)
        times, coefs = self._follow(data)
        self.times_, self.coef_path_ = times, coefs
        self.intercept_path_ = data.intercept(coefs)
        at = self._choose(X, y, weights, groups)
        self.t_ = float(times[at])
        self.coef_ = coefs[at].copy()
        self.intercept_ = float(self.intercept_path_[at])
        return self

    def predict(self, X: Any) -> Array:
        """Return predictions.

        Parameters
        ----------
        X : array or sparse array, shape (n_samples, n_features)
            Features.

        Returns
        -------
        array, shape (n_samples,)
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=False)
        return X @ self.coef_ + self.intercept_

    @abc.abstractmethod
    def _follow(self, data: Regression) -> tuple[Array, Array]:
        """Return times, shape (K,), and coefficients, shape (K, n), of the path."""

    def _choose(self, X: Any, y: Array, weights: Array, groups: Any) -> int:
        """Return the place on the path: its end, where the stopping rule has ended it."""
        return len(self.times_) - 1

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def warn_unreached(noise_std: float, residual: float) -> None:
    """Say that a path has ended before its discrepancy is reached."""
    warnings.warn(
        f"the path has ended with a root mean square residual of {residual:.6g}, above "
        f"noise_std = {noise_std:g}: the end of the path is taken",
        ConvergenceWarning,
        stacklevel=4,
    )
