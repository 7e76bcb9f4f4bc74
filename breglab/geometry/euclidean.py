"""The Euclidean mirror map, with which mirror descent is gradient descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from breglab._checks import Array
from breglab.geometry.mirror_map import MirrorMap


@dataclass(frozen=True)
class Euclidean(MirrorMap):
    """phi(theta) = |theta|^2 / 2.

    Both maps are the identity, and phi*(v) = |v|^2 / 2; strongly convex with modulus 1.
    Mirror descent is gradient descent then: Beck and Teboulle, Oper. Res. Lett. 31 (2003).

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.geometry import Euclidean
    >>> Euclidean().to_primal(np.array([2.0, -1.0])).tolist()
    [2.0, -1.0]
    """

    @property
    def strong_convexity(self) -> float:
        """The modulus 1, sharp."""
        return 1.0

    def _value(self, xp: Any, theta: Array) -> Array:
        return xp.sum(theta * theta, axis=-1) / 2

    def _to_dual(self, xp: Any, theta: Array) -> Array:
        return xp.asarray(theta, copy=True)

    def _to_primal(self, xp: Any, v: Array) -> Array:
        return xp.asarray(v, copy=True)

    def _conjugate(self, xp: Any, v: Array) -> Array:
        return xp.sum(v * v, axis=-1) / 2
