"""Logistic regression, binary and multinomial."""

from __future__ import annotations

import functools
import math
from typing import Any

import array_api_compat

from breglab._checks import Array, nonnegative
from breglab.problems._design import Design
from breglab.problems.finite_sum import FiniteSum


class Logistic(FiniteSum):
    """L(theta) = (1/m) sum_i log-loss_i + ridge/2 |theta|^2.

    Two classes: log-loss_i = log(1 + exp(-s_i x_i . theta)) with s_i = 1 for the larger label and
    -1 for the smaller, and n = d. K > 2 classes: log-loss_i = log sum_k exp(z_ik) - z_i,y_i with
    z_i = Theta^T x_i, and ``theta`` is Theta, shape ``(d, K)``, flattened in row-major order.

    mu is the ridge, and L = lambda_max(X^T X)/(4 m) + ridge for two classes, with 2 m in place of
    4 m for more: upper bounds, the second by Boehning (1992).

    Parameters
    ----------
    X : array, sparse array or scipy.sparse.linalg.LinearOperator
        Features, shape ``(m, d)``.
    y : integer array
        Labels, shape ``(m,)``, with at least two distinct values.
    ridge : float
        Weight of the quadratic, >= 0.

    Raises
    ------
    TypeError
        If ``X`` is not real floating, or ``y`` not an integer array of its library.
    ValueError
        If the data are empty, not finite or of shapes that do not fit, if all labels are equal,
        or if ``ridge`` is negative.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.problems import Logistic
    >>> loss = Logistic(np.eye(2), np.array([1, 0]))
    >>> loss.value(np.zeros(2)).round(4).tolist()
    0.6931
    """

    def __init__(self, X: Any, y: Array, *, ridge: float = 0.0) -> None:
        design = Design(X, "X")
        self.classes, targets = _encoded(y, design)
        ridge = nonnegative(ridge, "ridge")
        super().__init__(design, targets, weight=1.0 / design.rows, ridge=ridge)
        self.slope_bound = 1.0 if self._outputs == 1 else math.sqrt(2.0)

    @property
    def lipschitz(self) -> float:
        """The bound lambda_max(X^T X) c/m + ridge, c = 1/4 for two classes, 1/2 for more."""
        curvature = 0.25 if self._outputs == 1 else 0.5
        return curvature * self._weight * self._design.gram_norm + self._ridge

    @property
    def strong_convexity(self) -> float:
        """The ridge."""
        return self._ridge

    @functools.cached_property
    def infimum(self) -> float:
        """The minimum of L to rounding if there is a ridge, else 0.0."""
        if self._ridge == 0.0 or self._design.dense is None:
            return 0.0
        value, gradient = self._value_and_gradient(self._minimum)
        xp = array_api_compat.array_namespace(gradient)
        rounding = self.terms * float(xp.finfo(gradient.dtype).eps) * float(value)
        # Strong convexity: L(theta) - inf L <= |grad L(theta)|^2 / (2 mu).
        gap = float(xp.sum(gradient * gradient)) / (2 * self._ridge)
        return max(float(value) - gap - rounding, 0.0)

    def minimiser(self) -> Array:
        """Return the minimiser, shape ``(n,)``, by Newton's method, to rounding.

        Raises
        ------
        ValueError
            If there is no ridge (a minimiser need not exist), or X is a large operator.
        """
        if self._ridge == 0.0:
            raise ValueError("Logistic with ridge = 0.0 need not have a minimiser: give ridge > 0")
        if self._design.dense is None:
            raise ValueError("Logistic offers a minimiser only where X fits as a dense array")
        xp = array_api_compat.array_namespace(self._minimum)
        return xp.asarray(self._minimum, copy=True)

    def _link(self, predictions: Array, targets: Array) -> tuple[Array, Array]:
        xp = array_api_compat.array_namespace(predictions)
        if self._outputs == 1:
            margin = targets * predictions
            decay = xp.exp(-xp.abs(margin))
            losses = xp.clip(-margin, 0.0, None) + xp.log1p(decay)
            return losses, -targets * xp.where(margin > 0, decay, 1.0) / (1.0 + decay)
        shifted = predictions - xp.max(predictions, axis=-2, keepdims=True)
        weights = xp.exp(shifted)
        total = xp.sum(weights, axis=-2, keepdims=True)
        losses = xp.log(total) - xp.sum(targets * shifted, axis=-2, keepdims=True)
        return losses, weights / total - targets

    @functools.cached_property
    def _minimum(self) -> Array:
        """Damped Newton steps from zero, until the gradient no longer gets smaller."""
        xp = array_api_compat.array_namespace(self._targets)
        theta = xp.zeros(
            self.size, dtype=self._targets.dtype, device=array_api_compat.device(self._targets)
        )
        gradient = self._value_and_gradient(theta)[1]
        while True:
            direction = xp.linalg.solve(self._hessian(theta), -gradient[:, None])[:, 0]
            # Newton's direction is one of descent for |gradient| as well, down to rounding.
            for step in (2.0**-halvings for halvings in range(30)):
                trial = theta + step * direction
                trial_gradient = self._value_and_gradient(trial)[1]
                bound = (1 - step / 4) * xp.linalg.vector_norm(gradient)
                if xp.linalg.vector_norm(trial_gradient) < bound:
                    break
            else:
                return theta
            theta, gradient = trial, trial_gradient

    def _hessian(self, theta: Array) -> Array:
        """Return the Hessian at one point, shape ``(n, n)``."""
        features: Array = self._design.dense
        xp = array_api_compat.array_namespace(features)
        predictions = xp.astype(self._design.forward(self._unflatten(theta)), xp.float64)
        curvature = self._curvature(predictions)[..., None, :]
        blocks = (curvature * features.T) @ features  # (K, K, d, d)
        hessian = xp.reshape(xp.permute_dims(blocks, (2, 0, 3, 1)), (self.size, self.size))
        hessian = self._weight * hessian + self._ridge * xp.eye(
            self.size, dtype=xp.float64, device=array_api_compat.device(features)
        )
        return xp.astype(hessian, theta.dtype)

    def _curvature(self, predictions: Array) -> Array:
        """Return the second derivative of the link, ``(K, K, m)``, at predictions ``(K, m)``."""
        xp = array_api_compat.array_namespace(predictions)
        if self._outputs == 1:
            decay = xp.exp(-xp.abs(predictions))
            return (decay / (1.0 + decay) ** 2)[None, ...]
        weights = xp.exp(predictions - xp.max(predictions, axis=0, keepdims=True))
        p = weights / xp.sum(weights, axis=0, keepdims=True)
        identity = xp.eye(self._outputs, dtype=p.dtype, device=array_api_compat.device(p))
        return identity[..., None] * p[None, ...] - p[:, None, :] * p[None, ...]


def _encoded(y: Array, design: Design) -> tuple[tuple[int, ...], Array]:
    """Return the classes and the targets: signs, ``(1, m)``, or one-hot columns, ``(K, m)``."""
    try:
        xp = array_api_compat.array_namespace(y)
    except TypeError:
        raise TypeError(f"y must be an integer array, got {type(y).__name__}") from None
    if xp is not design.namespace or not xp.isdtype(y.dtype, "integral"):
        raise TypeError(
            f"y must be an integer array of the library {design.namespace.__name__} of X, "
            f"got dtype {y.dtype} of {xp.__name__}"
        )
    if tuple(y.shape) != (design.rows,):
        raise ValueError(f"y must have shape {(design.rows,)}, got {tuple(y.shape)}")
    classes = xp.sort(xp.unique_values(y))
    names = tuple(int(label) for label in classes)
    if len(names) < 2:
        raise ValueError(f"y must have at least two distinct labels, got only {names[0]}")
    one_hot = xp.astype(y[None, :] == classes[:, None], design.dtype)
    return names, (2 * one_hot[1:, :] - 1 if len(names) == 2 else one_hot)
