"""Losses that are sums of terms, each a function of one linear prediction."""

from __future__ import annotations

import abc
import math

import array_api_compat

from breglab._checks import Array, Scalar
from breglab.problems._design import Design
from breglab.problems.loss import Loss


class FiniteSum(Loss):
    """L(theta) = (1/m) sum_i l_i(theta), where l_i depends on theta by a_i . theta and a ridge.

    With the rows a_i of a matrix, shape ``(m, d)``, weights w and K outputs per row,

        L(theta) = w sum_i link(a_i^T Theta, target_i) + ridge/2 |theta|^2,

    where Theta, shape ``(d, K)``, is ``theta`` reshaped in row-major order, so n = d K and the K
    weights of one feature are neighbours in ``theta``.

    Attributes
    ----------
    size : int
        The dimension n.
    terms : int
        The number m of terms.
    slope_bound : float
        The largest Euclidean norm that the derivative of the link can take, maybe ``math.inf``.
    """

    slope_bound: float = math.inf

    def __init__(
        self, design: Design, targets: Array, *, weight: float = 1.0, ridge: float = 0.0
    ) -> None:
        outputs, self.terms = (int(length) for length in targets.shape)
        super().__init__(design.columns * outputs, targets)
        self._design = design
        self._targets = targets
        self._outputs = outputs
        self._weight = weight
        self._ridge = ridge

    def component_gradients(self, theta: Array) -> Array:
        """Return the gradients of the terms l_i, whose mean is the gradient.

        Parameters
        ----------
        theta : array
            Points, shape ``(..., n)``.

        Returns
        -------
        array
            Shape ``(m, ..., n)``.

        Raises
        ------
        TypeError, ValueError
            As in `value`; ValueError also if the matrix is an operator, which has no rows.
        """
        xp = array_api_compat.array_namespace(self.checked(theta))
        lead = theta.shape[:-1]
        rows = xp.arange(self.terms, device=array_api_compat.device(theta))
        rows = xp.reshape(rows, (self.terms, *(1 for _ in lead), 1))
        return self._batch_gradient(
            xp.broadcast_to(theta, (self.terms, *theta.shape)),
            xp.broadcast_to(rows, (self.terms, *lead, 1)),
        )

    def batch_gradient(self, theta: Array, rows: Array) -> Array:
        """Return the mean gradient of some of the terms, computed from their rows alone.

        Parameters
        ----------
        theta : array
            Points, shape ``(..., n)``.
        rows : integer array
            Indices of the terms, shape ``(..., s)``: one batch for each point.

        Returns
        -------
        array
            Shape ``(..., n)``.

        Raises
        ------
        TypeError, ValueError
            As in `component_gradients`, or if ``rows`` are not indices below m of that shape.
        """
        xp = array_api_compat.array_namespace(self.checked(theta))
        if not xp.isdtype(rows.dtype, "integral"):
            raise TypeError(f"rows must have an integer dtype, got {rows.dtype}")
        if rows.ndim != theta.ndim or rows.shape[:-1] != theta.shape[:-1] or rows.shape[-1] < 1:
            raise ValueError(
                f"rows must have shape {(*theta.shape[:-1], 's')} with s >= 1, "
                f"got {tuple(rows.shape)}"
            )
        if not bool(xp.all((rows >= 0) & (rows < self.terms))):
            raise ValueError(f"rows must be >= 0 and < {self.terms}, got {rows}")
        return self._batch_gradient(theta, rows)

    @property
    def spread_bound(self) -> float:
        """A bound of (1/m) sum_i |grad l_i - grad L|^2 at every point, ``math.inf`` if none.

        The ridge is common to all terms and cancels; of the rest, the mean of the squares
        (m w |slope_i| |a_i|)^2 is an upper bound.
        """
        if math.isinf(self.slope_bound):
            return math.inf
        factor = (self._weight * self.slope_bound) ** 2 * self.terms
        return factor * self._design.squared_entries

    @abc.abstractmethod
    def _link(self, predictions: Array, targets: Array) -> tuple[Array, Array]:
        """Return losses, ``(..., *, m)``, and derivatives, ``(..., K, m)``, of ``(..., K, m)``."""

    def _value(self, theta: Array) -> Scalar:
        predictions = self._design.forward(self._unflatten(theta))
        return self._total(self._link(predictions, self._targets)[0], theta)

    def _value_and_gradient(self, theta: Array) -> tuple[Scalar, Array]:
        predictions = self._design.forward(self._unflatten(theta))
        losses, slopes = self._link(predictions, self._targets)
        return self._total(losses, theta), self._pull_back(slopes, theta)

    def _gradient(self, theta: Array) -> Array:
        predictions = self._design.forward(self._unflatten(theta))
        return self._pull_back(self._link(predictions, self._targets)[1], theta)

    def _pull_back(self, slopes: Array, theta: Array) -> Array:
        """Return the gradient whose derivatives by the predictions are `slopes`."""
        gradient = self._flatten(self._design.adjoint(slopes))
        if self._weight != 1.0:
            gradient = self._weight * gradient
        return gradient if self._ridge == 0.0 else gradient + self._ridge * theta

    def _batch_gradient(self, theta: Array, rows: Array) -> Array:
        xp = array_api_compat.array_namespace(theta)
        features = self._design.take_rows(rows)
        targets = xp.take(self._targets, xp.reshape(rows, (-1,)), axis=1)
        targets = xp.moveaxis(xp.reshape(targets, (self._outputs, *rows.shape)), 0, -2)
        predictions = self._unflatten(theta) @ xp.matrix_transpose(features)
        _, slopes = self._link(predictions, targets)
        factor = self._weight * self.terms / rows.shape[-1]
        return factor * self._flatten(slopes @ features) + self._ridge * theta

    def _total(self, losses: Array, theta: Array) -> Scalar:
        xp = array_api_compat.array_namespace(theta)
        total = self._weight * xp.sum(losses, axis=(-2, -1))
        if self._ridge == 0.0:  # |theta|^2 may overflow, and 0 * inf is no number
            return total
        return total + self._ridge / 2 * xp.sum(theta * theta, axis=-1)

    def _unflatten(self, theta: Array) -> Array:
        """Return the K weight vectors of each point: ``(..., d K)`` to ``(..., K, d)``."""
        if self._outputs == 1 and theta.ndim == 1:
            return theta[None, :]
        xp = array_api_compat.array_namespace(theta)
        shape = (*theta.shape[:-1], self._design.columns, self._outputs)
        return xp.matrix_transpose(xp.reshape(theta, shape))

    def _flatten(self, weights: Array) -> Array:
        """Return the inverse of `_unflatten`: ``(..., K, d)`` to ``(..., d K)``."""
        if self._outputs == 1 and weights.ndim == 2:
            return weights[0, :]
        xp = array_api_compat.array_namespace(weights)
        return xp.reshape(xp.matrix_transpose(weights), (*weights.shape[:-2], self.size))
