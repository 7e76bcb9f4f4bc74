"""The elastic net, the mirror map of linearized Bregman iterations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from breglab._checks import Array, positive
from breglab.geometry._points import check_product, inner, rounding
from breglab.geometry.functional import Functional
from breglab.geometry.mirror_map import MirrorMap


@dataclass(frozen=True)
class ElasticNet(MirrorMap):
    """phi(theta) = J_delta(theta) = J(theta) + |theta|^2 / (2 delta).

    Bungert et al. (JMLR 2022): the elastic net (2.6), and grad phi*(v) = prox_{delta J}(delta v)
    (2.8c). A dual point is v = p + theta / delta with p in dJ(theta). Strongly convex with
    modulus 1 / delta.

    Parameters
    ----------
    J : Functional
        The functional.
    delta : float
        Finite and > 0, like 1 / delta.

    Raises
    ------
    TypeError, ValueError
        If `J` is no Functional, or `delta` or its inverse is not a finite number > 0.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.geometry import L1, ElasticNet
    >>> phi = ElasticNet(L1(1.0), delta=2.0)
    >>> phi.to_primal(np.array([1.5, -0.5, -3.0])).tolist()
    [1.0, 0.0, -4.0]
    >>> phi.strong_convexity
    0.5
    """

    J: Functional
    delta: float = 1.0

    def __post_init__(self) -> None:
        if not isinstance(self.J, Functional):
            raise TypeError(f"J must be a Functional, got {self.J!r} ({type(self.J).__name__})")
        object.__setattr__(self, "delta", positive(self.delta, "delta"))
        positive(1.0 / self.delta, "1 / delta")

    @property
    def event_ndim(self) -> int | None:
        """The number of trailing axes that make one point, as for J."""
        return self.J.event_ndim

    @property
    def event_size(self) -> int | None:
        """The length that the last axis must have, as for J."""
        return self.J.event_size

    @property
    def strong_convexity(self) -> float:
        """The modulus 1 / delta; no larger one holds where J is affine."""
        return 1.0 / self.delta

    def divergence(self, x: Array, y: Array, v_at_y: Array) -> Array:
        """Return D(x, y) = |x - y|^2 / (2 delta) + D_J^p(x, y) with p = v - y / delta.

        Lemma 13 of Bungert et al. (JMLR 2022): it cancels less than the definition. Parameters
        and errors are those of `MirrorMap.divergence`.
        """
        xp = self._namespace(x=x, y=y, v_at_y=v_at_y)
        apart = self.J.bregman_distance(x, y, v_at_y - y / self.delta)
        return self._square(xp, x - y) + apart

    def _value(self, xp: Any, theta: Array) -> Array:
        return self.J._value(xp, theta) + self._square(xp, theta)

    def _to_dual(self, xp: Any, theta: Array) -> Array:
        return self.J._subgradient(xp, theta) + theta / self.delta

    def _to_primal(self, xp: Any, v: Array) -> Array:
        check_product(xp, self.delta, v)
        return self.J._prox(xp, self.delta * v, self.delta)

    def _conjugate(self, xp: Any, v: Array) -> Array:
        # phi* is the infimal convolution of J* and delta |.|^2 / 2, attained (Moreau) at
        # q = v - theta / delta in dJ(theta). The defining <v, theta> - phi(theta) would be a
        # difference of large numbers, and would make the Fenchel-Young equality true for any
        # theta, so that it could not detect a wrong prox.
        theta = self._to_primal(xp, v)
        q = v - theta / self.delta
        slack = rounding(xp, v, self.event_ndim)
        return self.J._conjugate(xp, q, slack) + self._square(xp, theta)

    def _square(self, xp: Any, theta: Array) -> Array:
        """Return |theta|^2 / (2 delta), which is delta |v - q|^2 / 2 as well."""
        return inner(xp, theta, theta, self.event_ndim) / (2 * self.delta)
