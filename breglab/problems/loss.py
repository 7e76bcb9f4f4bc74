"""What every loss offers: value, gradient, and the constants that the theory asks for."""

from __future__ import annotations

import abc

import array_api_compat

from breglab._checks import Array, Scalar, real_array


class Loss(abc.ABC):
    """A convex, differentiable function L >= 0 on R^n, with its constants.

    Points are vectors: ``theta`` has shape ``(..., n)`` and every method is vectorised over the
    leading axes. ``theta`` must come from the array library of the data and have its dtype.
    A loss is immutable: the data are copied, and constants are computed once, when first asked.

    Attributes
    ----------
    size : int
        The dimension n.
    """

    def __init__(self, size: int, data: Array) -> None:
        self.size = size
        self._data = data

    @property
    @abc.abstractmethod
    def lipschitz(self) -> float:
        """Lipschitz constant L of the gradient: exact to rounding, or an upper bound."""

    @property
    def strong_convexity(self) -> float:
        """Constant mu of strong convexity: exact to rounding, or a lower bound (0.0 if none)."""
        return 0.0

    @property
    def infimum(self) -> float:
        """A lower bound of inf L: exact to rounding where it is known, else 0.0."""
        return 0.0

    def __repr__(self) -> str:
        return f"{type(self).__name__}(n = {self.size})"

    def zeros(self) -> Array:
        """Return the origin, shape ``(n,)``, of the library, dtype and device of the data."""
        xp = array_api_compat.array_namespace(self._data)
        device = array_api_compat.device(self._data)
        return xp.zeros(self.size, dtype=self._data.dtype, device=device)

    def value(self, theta: Array) -> Scalar:
        """Return L(theta), shape ``(...)``.

        Parameters
        ----------
        theta : array
            Points, shape ``(..., n)``.

        Raises
        ------
        TypeError
            If ``theta`` is not a real floating array of the data's library and dtype.
        ValueError
            If its last axis is not n long, or it is empty or not finite.
        """
        return self._value(self.checked(theta))

    def gradient(self, theta: Array) -> Array:
        """Return the gradient at ``theta``, shape ``(..., n)``; arguments as in `value`."""
        return self._gradient(self.checked(theta))

    def value_and_gradient(self, theta: Array) -> tuple[Scalar, Array]:
        """Return value and gradient, which share their products; arguments as in `value`."""
        return self._value_and_gradient(self.checked(theta))

    def minimiser(self) -> Array:
        """Return a minimiser, shape ``(n,)``.

        Raises
        ------
        ValueError
            If this loss has no minimiser that can be computed to rounding.
        """
        raise ValueError(
            f"{type(self).__name__} offers no minimiser: it need not have one, or not a single one"
        )

    def checked(self, theta: Array, name: str = "theta") -> Array:
        """Return ``theta`` after checking that it is a point, or points, of this loss.

        Parameters
        ----------
        theta : array
            Points, shape ``(..., n)``.
        name : str
            What to call it in the message.

        Raises
        ------
        TypeError, ValueError
            As in `value`.
        """
        xp = real_array(theta, name, size=self.size)
        expected = array_api_compat.array_namespace(self._data)
        if xp is not expected:
            raise TypeError(
                f"{name} must be an array of the data's library {expected.__name__}, "
                f"got one of {xp.__name__}"
            )
        if theta.dtype != self._data.dtype:
            raise TypeError(
                f"{name} must have the dtype {self._data.dtype} of the data, got {theta.dtype}"
            )
        return theta

    @abc.abstractmethod
    def _value(self, theta: Array) -> Scalar: ...

    @abc.abstractmethod
    def _value_and_gradient(self, theta: Array) -> tuple[Scalar, Array]: ...

    def _gradient(self, theta: Array) -> Array:
        """Return the gradient alone, bit for bit; for losses whose value costs extra."""
        return self._value_and_gradient(theta)[1]
