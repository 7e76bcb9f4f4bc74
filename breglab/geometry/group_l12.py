"""The group l1,2 norm over arbitrary disjoint groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from breglab._checks import Array
from breglab.geometry._grouped import Grouped


@dataclass(frozen=True)
class GroupL12(Grouped):
    """J(x) = lam sum_g sqrt(n_g) |x_g|_2, with n_g the size of the group g.

    prox(x)_g = x_g max(1 - step lam sqrt(n_g) / |x_g|_2, 0); subgradient lam sqrt(n_g) x_g /
    |x_g|_2, or 0 where x_g = 0; J* is the indicator of |p_g|_2 <= lam sqrt(n_g) (Bungert et
    al., (1.2)). Coordinates in no group are free: J does not see them.

    Parameters
    ----------
    groups : str, tuple, 1-D integer array or sequence of index sequences
        The name of a layout (`breglab.geometry.Layout`) that is resolved at the shape of each
        tensor: "rows", "columns", "kernels", "filters", ("heads", h) or ("blocks", (r, c)). Or
        one label >= 0 a coordinate, -1 for a free one; or the indices of each group, kept as a
        tuple of sorted tuples.
    lam : float
        The weight, finite and >= 0.
    size : int, optional
        The number of coordinates; by default the number of labels or the largest index plus 1.
        None with a layout.

    Raises
    ------
    ValueError
        If groups overlap, are empty, do not fit the size, or name no layout; later, if the layout
        does not fit the shape of a tensor.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.geometry import GroupL12
    >>> J = GroupL12([0, 0, 1, 1], lam=1.0)
    >>> round(float(J.value(np.array([3.0, 4.0, 0.0, 0.0]))), 4)
    7.0711
    """

    def _value(self, xp: Any, x: Array) -> Array:
        return self.lam * self._group_norm(xp, x)

    def _prox(self, xp: Any, x: Array, step: float) -> Array:
        return self._group_shrinkage(xp, x, step * self.lam)

    def _subgradient(self, xp: Any, x: Array) -> Array:
        return self.lam * self._group_direction(xp, x)

    def _conjugate(self, xp: Any, p: Array, slack: Array) -> Array:
        return self._dual_ball(xp, p, self.lam, slack)
