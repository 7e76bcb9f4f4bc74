"""The inverse scale space path as a regressor."""

from __future__ import annotations

import numpy as np

from breglab._checks import Array, nonnegative, positive
from breglab.estimators._centred import Regression
from breglab.estimators._linear import PathRegressor, warn_unreached
from breglab.solvers.inverse_scale_space import inverse_scale_space_path


class InverseScaleSpace(PathRegressor):
    """Sparse linear regression by the exact inverse scale space flow.

    With the mean squared error, halved, the flow

        dp/dt = X^T (y - X u)/n_samples,    p in the subdifferential of |u|_1,    p(0) = 0

    lets features enter one after another, as the lasso does, but without its bias: between the
    times at which the support changes, u is a least squares fit with given signs. It ends at least
    squares; regularisation is to stop before. The feature with the largest correlation enters at
    the time that is one over the alpha at which it enters the lasso.

    Parameters
    ----------
    t : float, optional
        Time at which to stop, > 0.
    noise_std : float, optional
        Standard deviation of the noise in y: the path stops when the root mean square of the
        residuals falls to it, the discrepancy principle. With neither the whole path is followed.
    fit_intercept : bool
        Whether a constant, free of charge, is fitted as well.
    max_breakpoints : int, optional
        Stop after so many changes of the support.

    Attributes
    ----------
    coef_ : array, shape (n_features,)
        Coefficients at the chosen time.
    intercept_ : float
        Constant.
    t_ : float
        The chosen time: the breakpoint from which `coef_` holds.
    times_ : array, shape (n_times,)
        0 and the breakpoints, increasing.
    coef_path_ : array, shape (n_times, n_features)
        Coefficients from each breakpoint to the next.
    intercept_path_ : array, shape (n_times,)
        Their constants.
    n_features_in_, feature_names_in_
        As scikit-learn has them.

    Notes
    -----
    M. Burger, M. Moeller, M. Benning, S. Osher, An adaptive inverse scale space method for
    compressed sensing, Math. Comp. 82 (2013). See `breglab.solvers.inverse_scale_space_path`.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.estimators import InverseScaleSpace
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((50, 20))
    >>> y = 3.0 * X[:, 2] - 2.0 * X[:, 7] + 0.1 * rng.standard_normal(50)
    >>> model = InverseScaleSpace(noise_std=0.1).fit(X, y)
    >>> np.flatnonzero(model.coef_)
    array([2, 7])
    """

    def __init__(
        self,
        *,
        t: float | None = None,
        noise_std: float | None = None,
        fit_intercept: bool = True,
        max_breakpoints: int | None = None,
    ) -> None:
        self.t = t
        self.noise_std = noise_std
        self.fit_intercept = fit_intercept
        self.max_breakpoints = max_breakpoints

    def _follow(self, data: Regression) -> tuple[Array, Array]:
        if self.noise_std is not None:
            nonnegative(self.noise_std, "noise_std")
        if self.t is not None:
            positive(self.t, "t")
        path = inverse_scale_space_path(
            data.A,
            data.b,
            sigma=self.noise_std,
            t_max=self.t,
            max_breakpoints=self.max_breakpoints,
        )
        if self.noise_std is not None and self.t is None and path.residuals[-1] > self.noise_std:
            warn_unreached(self.noise_std, float(path.residuals[-1]))
        return path.times, np.asarray(path.primal.toarray())
