"""Proper convex lower semicontinuous functionals J: value, prox, subgradient and conjugate."""

from __future__ import annotations

import abc
from typing import Any

from breglab._checks import Array, nonnegative, positive
from breglab.geometry._points import inner, max_abs, namespace, rounding


class Functional(abc.ABC):
    """A proper, convex, lower semicontinuous J on points, vectorised over leading axes.

    The last `event_ndim` axes of an array make one point (None: all of them); every method treats
    the leading axes as a batch, keeps the array's library, dtype and device, and leaves its input
    alone. A subclass implements the hooks `_value` and `_prox`, which get the array namespace and
    checked arrays; a run that starts from a dual variable needs no more. `_subgradient` is for
    starts from a primal one, and `_conjugate` for phi*: without them, what needs them raises
    ``NotImplementedError``. Those of this room are frozen dataclasses with all four.

    All methods raise ``TypeError`` for anything but real floating arrays of one library and
    ``ValueError`` for arrays that are empty, not finite or of shapes that do not fit.

    Notes
    -----
    Rockafellar, Convex Analysis, Princeton University Press 1970.
    """

    @property
    def event_ndim(self) -> int | None:
        """The number of trailing axes that make one point; None: the whole array is one."""
        return 1

    @property
    def event_size(self) -> int | None:
        """The length that the last axis must have, or None for any."""
        return None

    def value(self, x: Array) -> Array:
        """Return J(x), inf outside of the domain.

        Parameters
        ----------
        x : array, shape (..., *point)
            The points.

        Returns
        -------
        array, shape (...)
            One value a point.
        """
        return self._value(self._namespace(x=x), x)

    def prox(self, x: Array, step: float = 1.0) -> Array:
        """Return argmin_u step J(u) + |u - x|^2 / 2.

        Parameters
        ----------
        x : array, shape (..., *point)
            The points.
        step : float
            Finite and > 0 (at 0 the product step * J is not defined off the domain of J).

        Returns
        -------
        array, shape (..., *point)
            The proximal points, in the domain of J.
        """
        xp = self._namespace(x=x)
        return self._prox(xp, x, positive(step, "step"))

    def subgradient(self, x: Array) -> Array:
        """Return one element of the subdifferential dJ(x).

        Parameters
        ----------
        x : array, shape (..., *point)
            The points, in the domain of dJ.

        Returns
        -------
        array, shape (..., *point)
            The subgradients; the shortest ones unless the class says otherwise.

        Raises
        ------
        ValueError
            If a point lies outside of the domain of dJ.
        """
        return self._subgradient(self._namespace(x=x), x)

    def conjugate(self, p: Array, *, slack: float | None = None) -> Array:
        """Return J*(p) = sup_x <p, x> - J(x), inf outside of the domain of J*.

        Parameters
        ----------
        p : array, shape (..., *point)
            The dual points.
        slack : float, optional
            How far, >= 0 and entry by entry, rounding may have moved p out of the domain of J*
            without a verdict of inf. The default is 16 eps |p|_inf for each point. Give more to
            a p that is a difference of larger numbers, such as 16 eps |x|_inf to x - prox(x).

        Returns
        -------
        array, shape (...)
            One value a point.
        """
        xp = self._namespace(p=p)
        allowed = rounding(xp, p, self.event_ndim)
        if slack is not None:
            allowed = xp.full_like(allowed, nonnegative(slack, "slack"))
        return self._conjugate(xp, p, allowed)

    def bregman_distance(self, x: Array, y: Array, p_at_y: Array) -> Array:
        """Return D(x, y) = J(x) - J(y) - <p, x - y> for p in dJ(y) (Bungert et al., (1.17)).

        Parameters
        ----------
        x, y : array, shape (..., *point)
            The points; y in the domain of J.
        p_at_y : array, shape (..., *point)
            A subgradient at y; that it is one is the caller's word.

        Returns
        -------
        array, shape (...)
            One distance a point: >= 0 up to rounding, and 0 at x = y.

        Raises
        ------
        ValueError
            If J(y) is infinite.
        """
        xp = self._namespace(x=x, y=y, p_at_y=p_at_y)
        at_y = self._value(xp, y)
        if not bool(xp.all(xp.isfinite(at_y))):
            raise ValueError(f"y must lie in the domain of {self!r}, where J is finite")
        return self._value(xp, x) - at_y - inner(xp, p_at_y, x - y, self.event_ndim)

    def subdifferential_residual(self, x: Array, p: Array) -> Array:
        """Return |x - prox(x + p)|_inf, which is zero if and only if p lies in dJ(x).

        Parameters
        ----------
        x, p : array, shape (..., *point)
            The points and their candidate subgradients.

        Returns
        -------
        array, shape (...)
            One residual a point.
        """
        xp = self._namespace(x=x, p=p)
        return max_abs(xp, x - self._prox(xp, x + p, 1.0), self.event_ndim)

    def _namespace(self, **points: Array) -> Any:
        return namespace(self.event_ndim, self.event_size, **points)

    @abc.abstractmethod
    def _value(self, xp: Any, x: Array) -> Array:
        """Return J(x), shape (...)."""

    @abc.abstractmethod
    def _prox(self, xp: Any, x: Array, step: float) -> Array:
        """Return the prox of step * J, shape (..., *point)."""

    def _subgradient(self, xp: Any, x: Array) -> Array:
        """Return an element of dJ(x), shape (..., *point)."""
        raise NotImplementedError(
            f"{type(self).__name__} implements no _subgradient, which a start from a primal point "
            "needs; start from a dual one"
        )

    def _conjugate(self, xp: Any, p: Array, slack: Array) -> Array:
        """Return J*(p), shape (...), for a slack of shape (..., 1) or (..., 1, 1)."""
        raise NotImplementedError(f"{type(self).__name__} implements no _conjugate")
