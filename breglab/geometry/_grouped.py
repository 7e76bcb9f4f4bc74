"""The part that all group functionals share: their groups and the group norm itself."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any, Self

from breglab._checks import Array, count, nonnegative
from breglab.geometry._groups import GroupIndex, canonical
from breglab.geometry._points import indicator
from breglab.geometry.functional import Functional
from breglab.geometry.layout import Layout, LayoutIndex


@dataclass(frozen=True)
class Grouped(Functional):
    """A functional of points whose coordinates are put into disjoint groups.

    Explicit groups cut up vectors of one length, the last axis of an array. Groups named by a
    layout cut up tensors of any shape that fits, and the whole array is one point.
    """

    groups: Any = field(repr=False)
    lam: float = 1.0
    size: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        layout = Layout.parse(self.groups)
        if layout is None:
            groups, size = canonical(self.groups, self.size)
            object.__setattr__(self, "groups", groups)
            object.__setattr__(self, "size", size)
        elif self.size is not None:
            raise ValueError(f"size must be None for groups {self.groups!r}, got {self.size!r}")
        else:
            object.__setattr__(self, "groups", layout.argument)
        object.__setattr__(self, "lam", nonnegative(self.lam, "lam"))

    @classmethod
    def rows(cls, shape: tuple[int, int], **weights: float) -> Self:
        """Return the functional whose groups are the rows of a flattened matrix.

        Parameters
        ----------
        shape : (int, int)
            The shape (out, in) of the matrix, flattened in C order to out * in coordinates.
        **weights : float
            The weights of the functional, by name.
        """
        out, width = _matrix_shape(shape)
        groups = [range(row * width, (row + 1) * width) for row in range(out)]
        return cls(groups, size=out * width, **weights)

    @classmethod
    def columns(cls, shape: tuple[int, int], **weights: float) -> Self:
        """Return the functional whose groups are the columns of a flattened matrix.

        Parameters
        ----------
        shape : (int, int)
            The shape (out, in) of the matrix, flattened in C order to out * in coordinates.
        **weights : float
            The weights of the functional, by name.
        """
        out, width = _matrix_shape(shape)
        groups = [range(column, out * width, width) for column in range(width)]
        return cls(groups, size=out * width, **weights)

    @functools.cached_property
    def layout(self) -> Layout | None:
        """The layout that names the groups, None for explicit groups."""
        return Layout.parse(self.groups)

    @property
    def event_ndim(self) -> int | None:
        """The number of trailing axes that make one point: 1, or None (all) with a layout."""
        return 1 if self.layout is None else None

    @property
    def event_size(self) -> int | None:
        """The number of coordinates, None with a layout."""
        return self.size

    @functools.cached_property
    def _explicit(self) -> GroupIndex:
        assert self.size is not None
        return GroupIndex(self.groups, self.size)

    def _index(self, x: Array) -> GroupIndex | LayoutIndex:
        if self.layout is None:
            return self._explicit
        return LayoutIndex(self.layout.view(x.shape), x.shape)

    def _group_norm(self, xp: Any, x: Array) -> Array:
        """Return sum_g sqrt(n_g) |x_g|_2, shape (...)."""
        index = self._index(x)
        return xp.sum(index.weights(xp, x) * index.norms(xp, x), axis=-1)

    def _group_shrinkage(self, xp: Any, x: Array, threshold: float) -> Array:
        """Return x_g max(1 - threshold sqrt(n_g) / |x_g|, 0) in every group, x elsewhere."""
        index = self._index(x)
        norms = index.norms(xp, x)
        excess = norms - threshold * index.weights(xp, x)
        kept = excess > 0
        scale = xp.where(kept, excess, xp.zeros_like(norms)) / _safe(xp, norms, kept)
        scale = index.expand(xp, scale, 1.0)
        # A product would leave negative zeros in the groups that vanish.
        return xp.where(scale > 0, x * scale, xp.zeros_like(x))

    def _group_direction(self, xp: Any, x: Array) -> Array:
        """Return sqrt(n_g) x_g / |x_g| in every group, 0 where x_g = 0 and in no group."""
        index = self._index(x)
        norms = index.norms(xp, x)
        unit = x / index.expand(xp, _safe(xp, norms, norms > 0), 1.0)
        weights = index.weights(xp, x) * xp.ones_like(norms)
        return unit * index.expand(xp, weights, 0.0)

    def _dual_ball(self, xp: Any, p: Array, radius: Array, slack: Array) -> Array:
        """Return the indicator of |p_g|_2 <= radius sqrt(n_g) and |p_i| <= slack in no group."""
        index = self._index(p)
        if self.layout is not None:
            slack = xp.reshape(slack, (-1,))
        excess = index.norms(xp, p) - (radius + slack) * index.weights(xp, p)
        free = xp.abs(index.free_part(xp, p)) - slack
        return indicator(xp, xp.concat([excess, free], axis=-1), 1)


def _safe(xp: Any, norms: Array, usable: Array) -> Array:
    """Return the norms, with ones where they are not to be divided by."""
    return xp.where(usable, norms, xp.ones_like(norms))


def _matrix_shape(shape: tuple[int, int]) -> tuple[int, int]:
    if not isinstance(shape, tuple | list) or len(shape) != 2:
        raise ValueError(f"shape must be a pair (out, in), got {shape!r}")
    return count(shape[0], "shape[0]"), count(shape[1], "shape[1]")
