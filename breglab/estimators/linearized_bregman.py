"""Linearized Bregman iterations as a regressor."""

from __future__ import annotations

import math

import numpy as np

from breglab._checks import Array, count, nonnegative, positive
from breglab.estimators._centred import Regression, squared_norm
from breglab.estimators._descent import checked_step, descend, usual_delta
from breglab.estimators._linear import PathRegressor, warn_unreached


class LinearizedBregman(PathRegressor):
    """Sparse linear regression by linearized Bregman iterations, stopped early.

    With the mean squared error, halved, and S the shrinkage by 1,

        v <- v + tau X^T (y - X u)/n_samples,    u = delta S(v),    t <- t + tau.

    For small tau and large delta this is `InverseScaleSpace`, at a cost of two products with X a
    step.

    Parameters
    ----------
    delta : float, optional
        Weight of the elastic net |u|_1 + |u|^2/(2 delta), > 0, in units of the coefficients; 10
        times the largest coefficient of a first step of steepest descent unless given.
    tau : float, optional
        Step size, > 0 and < 2/(delta L) with L the largest eigenvalue of X^T X/n_samples;
        1/(delta L) unless given.
    max_iter : int
        The most steps.
    noise_std : float, optional
        Stop when the root mean square of the residuals falls to it.
    fit_intercept : bool
        Whether a constant, free of charge, is fitted as well.

    Attributes
    ----------
    coef_ : array, shape (n_features,)
        Coefficients at the chosen time.
    intercept_ : float
        Constant.
    t_ : float
        The chosen time.
    n_iter_ : int
        Number of steps.
    times_ : array, shape (n_times,)
        Times of at most 200 iterates, evenly spaced, from 0.
    coef_path_ : array, shape (n_times, n_features)
        Coefficients there.
    intercept_path_ : array, shape (n_times,)
        Their constants.
    n_features_in_, feature_names_in_
        As scikit-learn has them.

    Notes
    -----
    W. Yin, S. Osher, D. Goldfarb, J. Darbon, Bregman iterative algorithms for l1-minimization with
    applications to compressed sensing, SIAM J. Imaging Sci. 1 (2008).

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.estimators import LinearizedBregman
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((50, 20))
    >>> y = 3.0 * X[:, 2] - 2.0 * X[:, 7] + 0.1 * rng.standard_normal(50)
    >>> model = LinearizedBregman(noise_std=0.1).fit(X, y)
    >>> np.flatnonzero(model.coef_)
    array([2, 7])
    """

    def __init__(
        self,
        *,
        delta: float | None = None,
        tau: float | None = None,
        max_iter: int = 1000,
        noise_std: float | None = None,
        fit_intercept: bool = True,
    ) -> None:
        self.delta = delta
        self.tau = tau
        self.max_iter = max_iter
        self.noise_std = noise_std
        self.fit_intercept = fit_intercept

    def _follow(self, data: Regression) -> tuple[Array, Array]:
        A, b = data.A, data.b
        steps = count(self.max_iter, "max_iter")
        goal = -1.0 if self.noise_std is None else nonnegative(self.noise_std, "noise_std")
        g = -A.adjoint(b)
        image = A.forward(g)
        curvature = float(image @ image) / (float(g @ g) or 1.0)
        delta = usual_delta(g, curvature) if self.delta is None else positive(self.delta, "delta")
        tau = checked_step(self.tau, delta * squared_norm(A))

        def gradient(u: Array) -> tuple[float, Array]:
            r = A.forward(u) - b
            return math.sqrt(float(r @ r)), A.adjoint(r)

        times, path, reached = descend(
            gradient, len(g), delta=delta, tau=tau, steps=steps, charged=len(g), goal=goal
        )
        if self.noise_std is not None and not reached:
            warn_unreached(goal, float(np.linalg.norm(A.forward(path[-1]) - b)))
        self.n_iter_ = max(round(float(times[-1]) / tau), 1)
        return times, path
