"""The estimators with the stopping time chosen by cross-validation."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral
from typing import Any

import numpy as np
from scipy.special import log_softmax
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_consistent_length

from breglab._checks import Array
from breglab.estimators.classifier import LinearizedBregmanClassifier
from breglab.estimators.inverse_scale_space import InverseScaleSpace
from breglab.estimators.linearized_bregman import LinearizedBregman


class _CrossValidated:
    """A fit whose folds may be made of groups."""

    cv: Any
    n_jobs: int | None

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Any:
        """Fit the path and choose the point on it by cross-validation.

        Parameters
        ----------
        X : array or sparse array, shape (n_samples, n_features)
            Features.
        y : array, shape (n_samples,)
            Target, or labels of at least two classes.
        sample_weight : array, shape (n_samples,), optional
            Weights >= 0; a weight of 2 is the same as the sample given twice.
        groups : array, shape (n_samples,), optional
            What a splitter like `sklearn.model_selection.GroupKFold` must not tear apart. From a
            pipeline it arrives as ``model__groups``, by metadata routing as what
            ``set_fit_request(groups=True)`` asks for.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the data do not fit, or a parameter is out of its range.
        """
        jobs: Any = self.n_jobs
        if jobs is not None and (
            isinstance(jobs, bool) or not isinstance(jobs, Integral) or not jobs
        ):
            raise TypeError(f"n_jobs must be None or an integer but 0, got {jobs!r}")
        if groups is not None:
            check_consistent_length(X, groups)
        return self._fit(X, y, sample_weight, groups)  # type: ignore[attr-defined]


class InverseScaleSpaceCV(_CrossValidated, InverseScaleSpace):
    """`InverseScaleSpace`, stopped at the time with the least cross-validated error.

    The folds are followed exactly, too, and compared at the breakpoints of the path of all data.

    Parameters
    ----------
    cv : int, splitter or iterable of splits, optional
        As scikit-learn has it: five folds unless given.
    n_jobs : int, optional
        Folds at a time, as in joblib.
    fit_intercept : bool
        Whether a constant, free of charge, is fitted as well.
    max_breakpoints : int, optional
        Follow the paths so far and no further.

    Attributes
    ----------
    mse_path_ : array, shape (n_times, n_folds)
        Mean squared error of every fold that was left out, at `times_`.

    Notes
    -----
    The other attributes, and the sources, are those of `InverseScaleSpace`.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.estimators import InverseScaleSpaceCV
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((50, 20))
    >>> y = 3.0 * X[:, 2] - 2.0 * X[:, 7] + 0.1 * rng.standard_normal(50)
    >>> InverseScaleSpaceCV().fit(X, y).coef_.round(1)[[2, 7]]
    array([ 3., -2.])
    """

    def __init__(
        self,
        *,
        cv: Any = None,
        n_jobs: int | None = None,
        fit_intercept: bool = True,
        max_breakpoints: int | None = None,
    ) -> None:
        super().__init__(fit_intercept=fit_intercept, max_breakpoints=max_breakpoints)
        self.cv = cv
        self.n_jobs = n_jobs

    def _choose(self, X: Any, y: Array, weights: Array, groups: Any) -> int:
        self.mse_path_ = _left_out(self, InverseScaleSpace, _squared_error, (X, y, weights, groups))
        return int(np.argmin(np.mean(self.mse_path_, axis=1)))


class LinearizedBregmanCV(_CrossValidated, LinearizedBregman):
    """`LinearizedBregman`, stopped at the time with the least cross-validated error.

    Parameters
    ----------
    cv : int, splitter or iterable of splits, optional
        As scikit-learn has it: five folds unless given.
    n_jobs : int, optional
        Folds at a time, as in joblib.
    delta, tau, max_iter, fit_intercept
        As in `LinearizedBregman`.

    Attributes
    ----------
    mse_path_ : array, shape (n_times, n_folds)
        Mean squared error of every fold that was left out, at `times_`.

    Notes
    -----
    The other attributes, and the sources, are those of `LinearizedBregman`.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.estimators import LinearizedBregmanCV
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((50, 20))
    >>> y = 3.0 * X[:, 2] - 2.0 * X[:, 7] + 0.1 * rng.standard_normal(50)
    >>> LinearizedBregmanCV().fit(X, y).coef_.round(1)[[2, 7]]
    array([ 3., -2.])
    """

    def __init__(
        self,
        *,
        cv: Any = None,
        n_jobs: int | None = None,
        delta: float | None = None,
        tau: float | None = None,
        max_iter: int = 1000,
        fit_intercept: bool = True,
    ) -> None:
        super().__init__(delta=delta, tau=tau, max_iter=max_iter, fit_intercept=fit_intercept)
        self.cv = cv
        self.n_jobs = n_jobs

    def _choose(self, X: Any, y: Array, weights: Array, groups: Any) -> int:
        self.mse_path_ = _left_out(self, LinearizedBregman, _squared_error, (X, y, weights, groups))
        return int(np.argmin(np.mean(self.mse_path_, axis=1)))


class LinearizedBregmanClassifierCV(_CrossValidated, LinearizedBregmanClassifier):
    """`LinearizedBregmanClassifier`, stopped at the time with the least cross-validated log loss.

    Parameters
    ----------
    cv : int, splitter or iterable of splits, optional
        As scikit-learn has it: five stratified folds unless given.
    n_jobs : int, optional
        Folds at a time, as in joblib.
    delta, tau, max_iter, fit_intercept
        As in `LinearizedBregmanClassifier`.

    Attributes
    ----------
    log_loss_path_ : array, shape (n_times, n_folds)
        Mean logistic loss of every fold that was left out, at `times_`.

    Notes
    -----
    The other attributes, and the sources, are those of `LinearizedBregmanClassifier`.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.estimators import LinearizedBregmanClassifierCV
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((200, 20))
    >>> y = np.where(X[:, 2] - X[:, 7] + 0.5 * rng.standard_normal(200) > 0.0, "yes", "no")
    >>> LinearizedBregmanClassifierCV().fit(X, y).score(X, y) > 0.85
    True
    """

    def __init__(
        self,
        *,
        cv: Any = None,
        n_jobs: int | None = None,
        delta: float | None = None,
        tau: float | None = None,
        max_iter: int = 1000,
        fit_intercept: bool = True,
    ) -> None:
        super().__init__(delta=delta, tau=tau, max_iter=max_iter, fit_intercept=fit_intercept)
        self.cv = cv
        self.n_jobs = n_jobs

    def _choose(self, X: Any, y: Array, weights: Array, groups: Any) -> int:
        data = X, y, weights, groups
        self.log_loss_path_ = _left_out(self, LinearizedBregmanClassifier, _log_loss, data)
        return int(np.argmin(np.mean(self.log_loss_path_, axis=1)))


Loss = Callable[[Any, Any, Array, Any], Array]
"""Losses, shape (n_times, n_samples), of a fitted model at places of its path, for X and y."""


def _left_out(whole: Any, kind: type[Any], loss: Loss, data: tuple[Any, ...]) -> Array:
    """Return the mean losses of the folds that are left out, shape (n_times, n_folds).

    The folds are fitted by models of a kind with the parameters of the whole; data are X, y,
    weights and groups.
    """
    X, y, weights, groups = data
    model = kind(**{name: getattr(whole, name) for name in kind().get_params()})
    rows = X.tocsr() if hasattr(X, "tocsr") else X
    splits = check_cv(whole.cv, y, classifier=is_classifier(whole)).split(X, y, groups)
    folds = Parallel(n_jobs=whole.n_jobs)(
        delayed(_fold)(clone(model), loss, whole.times_, rows, y, weights, train, test)
        for train, test in splits
    )
    return np.stack(folds, axis=1)


def _fold(
    model: Any,
    loss: Loss,
    times: Array,
    X: Any,
    y: Array,
    weights: Array,
    train: Array,
    test: Array,
) -> Array:
    model.fit(X[train], y[train], sample_weight=weights[train])
    at = np.searchsorted(model.times_, times, side="right") - 1
    used, where = np.unique(at, return_inverse=True)
    losses = loss(model, used, X[test], y[test])
    if not np.any(weights[test] > 0.0):
        raise ValueError("cv must leave out samples of positive weight in every fold")
    return np.average(losses, axis=1, weights=weights[test])[where]


def _squared_error(model: Any, at: Array, X: Any, y: Array) -> Array:
    predictions = X @ model.coef_path_[at].T + model.intercept_path_[at]
    return (predictions - y[:, None]).T ** 2


def _log_loss(model: Any, at: Array, X: Any, y: Array) -> Array:
    missing: Any = ~np.isin(y, model.classes_)
    if missing.any():
        raise ValueError(
            f"cv must keep every class in every training set, got none of {y[missing][0]!r}"
        )
    labels: Any = np.searchsorted(model.classes_, y)
    coefs, intercepts = model.coef_path_[at], model.intercept_path_[at]
    # Scores, shape (n_times, n_samples, outputs).
    scores = np.stack([X @ coef.T for coef in coefs]) + intercepts[:, None, :]
    if scores.shape[2] == 1:
        scores = np.concatenate([np.zeros_like(scores), scores], axis=2)
    return -np.take_along_axis(log_softmax(scores, axis=2), labels[None, :, None], axis=2)[..., 0]
