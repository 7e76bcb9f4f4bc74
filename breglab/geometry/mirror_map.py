"""Mirror maps phi: the way between the primal and the dual variable."""

from __future__ import annotations

import abc
from typing import Any

from breglab._checks import Array
from breglab.geometry._points import inner, max_abs, namespace


class MirrorMap(abc.ABC):
    """A convex phi with the two maps theta -> v in dphi(theta) and v -> theta = grad phi*(v).

    The last `event_ndim` axes of an array make one point; every method treats the leading axes
    as a batch, keeps the array's library, dtype and device, and leaves its input alone. A
    subclass is a frozen dataclass that implements the hooks `_value`, `_to_dual`, `_to_primal`
    and `_conjugate`, which get the array namespace and checked arrays.

    All methods raise ``TypeError`` for anything but real floating arrays of one library and
    ``ValueError`` for arrays that are empty, not finite or of shapes that do not fit.

    Notes
    -----
    Nemirovski and Yudin 1983; Beck and Teboulle, Oper. Res. Lett. 31 (2003).
    """

    @property
    def event_ndim(self) -> int | None:
        """The number of trailing axes that make one point; None: the whole array is one."""
        return 1

    @property
    def event_size(self) -> int | None:
        """The length that the last axis must have, or None for any."""
        return None

    @property
    @abc.abstractmethod
    def strong_convexity(self) -> float:
        """A modulus sigma of strong convexity in the Euclidean norm, 0.0 where there is none.

        It means phi(x) >= phi(y) + <v, x - y> + sigma |x - y|^2 / 2 for all v in dphi(y).
        """

    def value(self, theta: Array) -> Array:
        """Return phi(theta), inf outside of the domain.

        Parameters
        ----------
        theta : array, shape (..., *point)
            The primal points.

        Returns
        -------
        array, shape (...)
            One value a point.
        """
        return self._value(self._namespace(theta=theta), theta)

    def to_dual(self, theta: Array) -> Array:
        """Return one element v of dphi(theta); it is the gradient where phi has one.

        Parameters
        ----------
        theta : array, shape (..., *point)
            The primal points.

        Returns
        -------
        array, shape (..., *point)
            The dual points.

        Raises
        ------
        ValueError
            If a point lies outside of the domain of dphi.
        """
        return self._to_dual(self._namespace(theta=theta), theta)

    def to_primal(self, v: Array) -> Array:
        """Return theta = grad phi*(v), the maximiser of <v, theta> - phi(theta).

        Parameters
        ----------
        v : array, shape (..., *point)
            The dual points.

        Returns
        -------
        array, shape (..., *point)
            The primal points.

        Raises
        ------
        ValueError
            Which is an OverflowError, too, if v is too large for its image to be representable.
        """
        return self._to_primal(self._namespace(v=v), v)

    def conjugate(self, v: Array) -> Array:
        """Return phi*(v) = max_theta <v, theta> - phi(theta).

        Parameters
        ----------
        v : array, shape (..., *point)
            The dual points.

        Returns
        -------
        array, shape (...)
            One value a point.
        """
        return self._conjugate(self._namespace(v=v), v)

    def divergence(self, x: Array, y: Array, v_at_y: Array) -> Array:
        """Return D(x, y) = phi(x) - phi(y) - <v, x - y> for v in dphi(y).

        Parameters
        ----------
        x, y : array, shape (..., *point)
            The points; y in the domain of phi.
        v_at_y : array, shape (..., *point)
            A subgradient at y; that it is one is the caller's word.

        Returns
        -------
        array, shape (...)
            One divergence a point: >= strong_convexity |x - y|^2 / 2 up to rounding.

        Raises
        ------
        ValueError
            If phi(y) is infinite.
        """
        xp = self._namespace(x=x, y=y, v_at_y=v_at_y)
        at_y = self._value(xp, y)
        if not bool(xp.all(xp.isfinite(at_y))):
            raise ValueError(f"y must lie in the domain of {self!r}, where phi is finite")
        return self._value(xp, x) - at_y - inner(xp, v_at_y, x - y, self.event_ndim)

    def subdifferential_residual(self, theta: Array, v: Array) -> Array:
        """Return |theta - grad phi*(v)|_inf, which is zero if and only if v is in dphi(theta).

        Parameters
        ----------
        theta, v : array, shape (..., *point)
            The primal points and their candidate dual points.

        Returns
        -------
        array, shape (...)
            One residual a point.
        """
        xp = self._namespace(theta=theta, v=v)
        return max_abs(xp, theta - self._to_primal(xp, v), self.event_ndim)

    def _namespace(self, **points: Array) -> Any:
        return namespace(self.event_ndim, self.event_size, **points)

    @abc.abstractmethod
    def _value(self, xp: Any, theta: Array) -> Array:
        """Return phi(theta), shape (...)."""

    @abc.abstractmethod
    def _to_dual(self, xp: Any, theta: Array) -> Array:
        """Return an element of dphi(theta), shape (..., *point)."""

    @abc.abstractmethod
    def _to_primal(self, xp: Any, v: Array) -> Array:
        """Return grad phi*(v), shape (..., *point)."""

    @abc.abstractmethod
    def _conjugate(self, xp: Any, v: Array) -> Array:
        """Return phi*(v), shape (...)."""
