"""The sparse group lasso: zeros within groups and groups of zeros."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from breglab._checks import Array, nonnegative
from breglab.geometry._grouped import Grouped
from breglab.geometry._points import axes
from breglab.geometry._threshold import soft_threshold


@dataclass(frozen=True)
class SparseGroup(Grouped):
    """J(x) = lam |x|_1 + lam_group sum_g sqrt(n_g) |x_g|_2.

    prox: soft thresholding by step lam, then group shrinkage by step lam_group sqrt(n_g)
    (exact: Simon et al., JCGS 2013); J* is the indicator of |soft(p_g, lam)|_2 <= lam_group
    sqrt(n_g). Coordinates in no group carry the l1 norm alone, and there J* asks |p_i| <= lam.

    Parameters
    ----------
    groups : str, tuple, 1-D integer array or sequence of index sequences
        The name of a layout (`breglab.geometry.Layout`) that is resolved at the shape of each
        tensor: "rows", "columns", "kernels", "filters", ("heads", h) or ("blocks", (r, c)). Or
        one label >= 0 a coordinate, -1 for none; or the indices of each group, kept as a
        tuple of sorted tuples.
    lam : float
        The weight of the l1 norm, finite and >= 0.
    lam_group : float
        The weight of the group norm, finite and >= 0.
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
    >>> from breglab.geometry import SparseGroup
    >>> J = SparseGroup([0, 0, 1, 1], lam=1.0, lam_group=0.5)
    >>> J.prox(np.array([3.0, 0.5, 0.5, -0.5])).round(4).tolist()
    [1.2929, 0.0, 0.0, 0.0]
    """

    lam_group: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "lam_group", nonnegative(self.lam_group, "lam_group"))

    def _value(self, xp: Any, x: Array) -> Array:
        entries = xp.sum(xp.abs(x), axis=axes(self.event_ndim))
        return self.lam * entries + self.lam_group * self._group_norm(xp, x)

    def _prox(self, xp: Any, x: Array, step: float) -> Array:
        sparse = soft_threshold(xp, x, step * self.lam)
        return self._group_shrinkage(xp, sparse, step * self.lam_group)

    def _subgradient(self, xp: Any, x: Array) -> Array:
        return self.lam * xp.sign(x) + self.lam_group * self._group_direction(xp, x)

    def _conjugate(self, xp: Any, p: Array, slack: Array) -> Array:
        # What soft thresholding cuts off is the best choice of the l1 part of p.
        rest = soft_threshold(xp, p, self.lam)
        return self._dual_ball(xp, rest, self.lam_group, slack)
