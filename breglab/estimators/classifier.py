"""Linearized Bregman iterations as a classifier, with the logistic loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit, log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from breglab._checks import Array, count, positive
from breglab.estimators._centred import regression, squared_norm, weights_of
from breglab.estimators._descent import checked_step, descend, usual_delta
from breglab.solvers.linear_map import LinearMap


class LinearizedBregmanClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Sparse logistic regression by linearized Bregman iterations, stopped early.

    With L the mean logistic loss (the cross entropy for more than two classes), features less
    their means, and S the shrinkage by 1 of all but the constants,

        v <- v - tau grad L(u),    u = delta S(v),    t <- t + tau.

    Parameters
    ----------
    delta : float, optional
        Weight of the elastic net |u|_1 + |u|^2/(2 delta), > 0, in units of the coefficients; 10
        times the largest coefficient of a first step of steepest descent unless given.
    tau : float, optional
        Step size, > 0 and < 2/(delta L) with L the bound of the curvature by Boehning (1992);
        1/(delta L) unless given.
    max_iter : int
        Number of steps.
    fit_intercept : bool
        Whether constants, free of charge, are fitted as well.

    Attributes
    ----------
    classes_ : array, shape (n_classes,)
        Labels.
    coef_ : array, shape (1, n_features) or (n_classes, n_features)
        Coefficients at the chosen time; one row where there are two classes.
    intercept_ : array, shape (1,) or (n_classes,)
        Constants.
    t_ : float
        The chosen time.
    n_iter_ : int
        Number of steps.
    times_ : array, shape (n_times,)
        Times of at most 200 iterates, evenly spaced, from 0.
    coef_path_ : array, shape (n_times, 1 or n_classes, n_features)
        Coefficients there.
    intercept_path_ : array, shape (n_times, 1 or n_classes)
        Their constants.
    n_features_in_, feature_names_in_
        As scikit-learn has them.

    Notes
    -----
    W. Yin, S. Osher, D. Goldfarb, J. Darbon, Bregman iterative algorithms for l1-minimization with
    applications to compressed sensing, SIAM J. Imaging Sci. 1 (2008); D. Boehning, Multinomial
    logistic regression algorithm, Ann. Inst. Statist. Math. 44 (1992), for the curvature.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.estimators import LinearizedBregmanClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((200, 20))
    >>> y = np.where(X[:, 2] - X[:, 7] > 0.0, "yes", "no")
    >>> model = LinearizedBregmanClassifier(max_iter=100).fit(X, y)
    >>> np.flatnonzero(model.coef_[0])
    array([2, 7])
    """

    def __init__(
        self,
        *,
        delta: float | None = None,
        tau: float | None = None,
        max_iter: int = 1000,
        fit_intercept: bool = True,
    ) -> None:
        self.delta = delta
        self.tau = tau
        self.max_iter = max_iter
        self.fit_intercept = fit_intercept

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        """Follow the path and choose the point on it.

        Parameters
        ----------
        X : array or sparse array, shape (n_samples, n_features)
            Features.
        y : array, shape (n_samples,)
            Labels, of at least two classes.
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
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=np.float64)
        check_classification_targets(y)
        self.classes_, labels = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(
                f"y must have at least two classes, got only one class: {self.classes_[0]!r}"
            )
        weights = weights_of(sample_weight, X)
        self._follow(X, labels, weights)
        at = self._choose(X, y, weights, groups)
        self.t_ = float(self.times_[at])
        self.coef_ = self.coef_path_[at].copy()
        self.intercept_ = self.intercept_path_[at].copy()
        return self

    def decision_function(self, X: Any) -> Array:
        """Return scores: positive for the second of two classes, or the largest for the class.

        Parameters
        ----------
        X : array or sparse array, shape (n_samples, n_features)
            Features.

        Returns
        -------
        array, shape (n_samples,) or (n_samples, n_classes)
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=np.float64, reset=False)
        scores = X @ self.coef_.T + self.intercept_
        return scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: Any) -> Array:
        """Return labels, shape (n_samples,); arguments as in `decision_function`."""
        scores = self.decision_function(X)
        places = (scores > 0.0).astype(int) if scores.ndim == 1 else np.argmax(scores, axis=1)
        return self.classes_[places]

    def predict_proba(self, X: Any) -> Array:
        """Return probabilities, shape (n_samples, n_classes); arguments as above."""
        scores = self.decision_function(X)
        if scores.ndim == 1:
            return np.column_stack([expit(-scores), expit(scores)])
        return softmax(scores, axis=1)

    def predict_log_proba(self, X: Any) -> Array:
        """Return their logarithms; arguments as above."""
        scores = self.decision_function(X)
        if scores.ndim == 1:
            scores = np.column_stack([np.zeros(len(scores)), scores])
        return log_softmax(scores, axis=1)

    def _choose(self, X: Any, y: Array, weights: Array, groups: Any) -> int:
        """Return the place on the path: its end."""
        return len(self.times_) - 1

    def _follow(self, X: Any, labels: Array, weights: Array) -> None:
        kept = weights > 0.0
        weights = weights[kept]
        data = regression(X[kept], np.zeros(len(weights)), weights, self.fit_intercept)
        A, roots = data.A, np.sqrt(weights / np.sum(weights))[:, None]
        outputs = 1 if len(self.classes_) == 2 else len(self.classes_)
        gradient = _gradient(A, labels[kept], roots, outputs, self.fit_intercept)
        charged = A.shape[1] * outputs
        size = charged + outputs * self.fit_intercept
        # Boehning: p (1 - p) <= 1/4, and diag(p) - p p^T <= 1/2 for more than two classes.
        bound = 0.25 if outputs == 1 else 0.5
        g = gradient(np.zeros(size))[1][:charged].reshape(A.shape[1], outputs)
        image = A.forward(g)
        curvature = bound * float(np.vdot(image, image)) / (float(np.vdot(g, g)) or 1.0)
        delta = usual_delta(g, curvature) if self.delta is None else positive(self.delta, "delta")
        # The constants are orthogonal to features without their means: a block of curvature 1.
        largest = max(squared_norm(A), 1.0 if self.fit_intercept else 0.0)
        tau = checked_step(self.tau, delta * bound * largest)
        times, path, _ = descend(
            gradient, size, delta=delta, tau=tau,
            steps=count(self.max_iter, "max_iter"), charged=charged,
        )  # fmt: skip
        self.n_iter_ = round(float(times[-1]) / tau)
        self.times_ = times
        coefs = path[:, :charged].reshape(len(times), A.shape[1], outputs)
        self.coef_path_ = np.ascontiguousarray(np.moveaxis(coefs, 2, 1))
        free = path[:, charged:] if self.fit_intercept else np.zeros((len(times), outputs))
        self.intercept_path_ = free - self.coef_path_ @ data.x_mean

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _gradient(
    A: LinearMap, labels: Array, roots: Array, outputs: int, intercept: bool
) -> Callable[[Array], tuple[float, Array]]:
    """Return the gradient of the mean loss by coefficients and constants, as `descend` wants it.

    A is scaled by the roots of the shares of the samples, shape (m, 1).
    """
    n = A.shape[1]
    truth = labels[:, None] if outputs == 1 else np.eye(outputs)[labels]

    def gradient(theta: Array) -> tuple[float, Array]:
        scores = A.forward(theta[: n * outputs].reshape(n, outputs)) / roots
        if intercept:
            scores = scores + theta[n * outputs :]
        likely = expit(scores) if outputs == 1 else softmax(scores, axis=1)
        slopes = roots * (likely - truth)
        g = A.adjoint(slopes).reshape(-1)
        return 0.0, np.append(g, np.sum(roots * slopes, axis=0)) if intercept else g

    return gradient
