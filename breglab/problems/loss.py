"""What every loss offers: value, gradient, and the constants that the theory asks for."""

from __future__ import annotations

import abc
from typing import Any

import array_api_compat
import numpy as np

from breglab._checks import Array, Scalar, nonnegative, positive, real_array


class Loss(abc.ABC):
    """A differentiable function L >= 0 on R^n, with its constants; convex if `convex`.

    Points are vectors: ``theta`` has shape ``(..., n)`` and every method is vectorised over the
    leading axes. ``theta`` must come from the array library of the data and have its dtype.
    A loss is immutable: the data are copied, and constants are computed once, when first asked.
    A subclass implements one hook, `_value_and_gradient`, which gets checked points, and states
    its constants here or by properties of its own.

    Parameters
    ----------
    size : int
        The dimension n.
    data : array, optional
        Gives the library, dtype and device of the points; NumPy in double precision without it.
    lipschitz, strong_convexity : float, optional
        The constants L > 0 and mu >= 0.

    Attributes
    ----------
    size : int
        The dimension n.

    Raises
    ------
    TypeError
        If neither the argument nor the class states L.
    ValueError
        If a constant is out of its range.
    """

    def __init__(
        self,
        size: int,
        data: Array | None = None,
        *,
        lipschitz: float | None = None,
        strong_convexity: float = 0.0,
    ) -> None:
        self.size = size
        self._data = np.zeros(size) if data is None else data
        if lipschitz is not None:
            self._L = positive(lipschitz, "lipschitz")
        elif type(self).lipschitz is Loss.lipschitz:
            raise TypeError(
                f"{type(self).__name__} must state the Lipschitz constant of its gradient: pass "
                "lipschitz to Loss.__init__, or define the property"
            )
        self._mu = nonnegative(strong_convexity, "strong_convexity")

    @property
    def lipschitz(self) -> float:
        """Lipschitz constant L of the gradient: exact to rounding, or an upper bound."""
        return self._L

    @property
    def strong_convexity(self) -> float:
        """Constant mu of strong convexity: exact to rounding, or a lower bound (0.0 if none)."""
        return self._mu

    @property
    def convex(self) -> bool:
        """Whether L is convex: True, unless a subclass that is not says so."""
        return True

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

    def __init_subclass__(cls, **options: Any) -> None:
        """Let shortcuts of a base class go where what they cut short is new."""
        super().__init_subclass__(**options)
        if "_value_and_gradient" in vars(cls):
            for shortcut in ("_value", "_gradient"):
                if shortcut not in vars(cls):
                    setattr(cls, shortcut, vars(Loss)[shortcut])

    def _value(self, theta: Array) -> Scalar:
        """Return L, shape (...); to be overridden where that is cheaper without the gradient."""
        return self._value_and_gradient(theta)[0]

    @abc.abstractmethod
    def _value_and_gradient(self, theta: Array) -> tuple[Scalar, Array]:
        """Return L, shape (...), and its gradient, shape (..., n)."""

    def _gradient(self, theta: Array) -> Array:
        """Return the gradient alone, bit for bit; for losses whose value costs extra."""
        return self._value_and_gradient(theta)[1]
