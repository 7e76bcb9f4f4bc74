"""Groups that are named by where they lie in a tensor, and arithmetic on all of them at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import array_api_compat

from breglab._checks import Array, count

NAMES = ("rows", "columns", "kernels", "filters")
SIZED = ("heads", "blocks")


class View(NamedTuple):
    """How a tensor is seen for its groups.

    Attributes
    ----------
    shape : tuple of int
        The shape that the tensor is given, in C order.
    axes : tuple of int
        The axes over which one group extends; the others count the groups.
    """

    shape: tuple[int, ...]
    axes: tuple[int, ...]

    @property
    def size(self) -> int:
        """The number n_g of entries of a group."""
        return math.prod(self.shape[axis] for axis in self.axes)

    @property
    def grid(self) -> tuple[int, ...]:
        """The shape of one number a group that broadcasts with the view."""
        return tuple(1 if axis in self.axes else n for axis, n in enumerate(self.shape))

    @property
    def contiguous(self) -> bool:
        """Whether every group is one run of entries in C order."""
        return self.axes == tuple(range(len(self.shape)))[-len(self.axes) :]


@dataclass(frozen=True)
class Layout:
    """A rule that cuts tensors of any fitting shape into equally large groups.

    ``"rows"`` and ``"columns"`` are the slices of a tensor along its first and its second axis (the
    weights of one output, of one input); ``"filters"`` are the same as rows and ``"kernels"`` the
    slices along both, for the weights (out, in, *kernel) of convolutions; ``("heads", h)`` are h
    equal stacks of rows, ``("blocks", (r, c))`` the r x c blocks of a matrix.

    Parameters
    ----------
    name : str
        ``"rows"``, ``"columns"``, ``"kernels"``, ``"filters"``, ``"heads"`` or ``"blocks"``.
    sizes : tuple of int
        (h,) for heads, (r, c) for blocks, empty otherwise.
    """

    name: str
    sizes: tuple[int, ...] = ()

    @classmethod
    def parse(cls, groups: Any) -> Layout | None:
        """Return the layout that an argument `groups` names, None if it names none.

        Raises
        ------
        ValueError
            If it is, or begins with, a string that is no layout, or its sizes are missing.
        TypeError
            If its sizes are not integers.
        """
        if isinstance(groups, str):
            groups = (groups,)
        if not isinstance(groups, tuple | list) or not groups or not isinstance(groups[0], str):
            return None
        name, *rest = groups
        if name in NAMES and not rest:
            return cls(name)
        if name == "heads" and len(rest) == 1:
            return cls(name, (count(rest[0], "groups[1]"),))
        if name == "blocks" and len(rest) == 1 and _is_pair(rest[0]):
            return cls(name, tuple(count(n, "groups[1]") for n in rest[0]))
        raise ValueError(
            f"groups must be a layout, one of {', '.join(map(repr, NAMES))}, ('heads', h) and "
            f"('blocks', (r, c)), or explicit groups, got {groups if rest else name!r}"
        )

    @property
    def argument(self) -> Any:
        """The layout in the form in which users write it: strings and numbers in tuples."""
        if not self.sizes:
            return self.name
        return self.name, self.sizes if self.name == "blocks" else self.sizes[0]

    def view(self, shape: tuple[int, ...]) -> View:
        """Return how tensors of a shape are seen for their groups.

        Raises
        ------
        ValueError
            If tensors of this shape have no such groups.
        """
        shape = tuple(shape)
        inner = math.prod(shape[2:])
        if self.name == "blocks":
            return self._blocks(shape)
        if len(shape) < (3 if self.name in ("kernels", "filters") else 2):
            raise ValueError(f"groups {self.argument!r} need {self._needs()}, got shape {shape}")
        if self.name == "heads":
            heads = self.sizes[0]
            if shape[0] % heads:
                raise ValueError(
                    f"groups {self.argument!r} need a first axis that {heads} heads divide, "
                    f"got shape {shape}"
                )
            return View((heads, shape[0] // heads * shape[1] * inner), (1,))
        if self.name == "kernels":
            return View((shape[0] * shape[1], inner), (1,))
        if self.name == "columns":
            by_entry = inner == 1
            return View(shape[:2], (0,)) if by_entry else View((*shape[:2], inner), (0, 2))
        return View((shape[0], shape[1] * inner), (1,))

    def _needs(self) -> str:
        if self.name in ("kernels", "filters"):
            return "the weights (out, in, *kernel) of a convolution"
        return "a tensor with at least 2 axes"

    def _blocks(self, shape: tuple[int, ...]) -> View:
        r, c = self.sizes
        if len(shape) != 2 or shape[0] % r or shape[1] % c:
            raise ValueError(
                f"groups {self.argument!r} need a matrix that {r} x {c} blocks tile, "
                f"got shape {shape}"
            )
        return View((shape[0] // r, r, shape[1] // c, c), (1, 3))


class LayoutIndex:
    """`GroupIndex` for the groups of a layout in tensors of one shape: reshapes, no indices."""

    def __init__(self, view: View, shape: tuple[int, ...]) -> None:
        self._view, self._shape = view, shape

    def norms(self, xp: Any, x: Array) -> Array:
        """Return |x_g|_2 of all groups, shape (G,), by way of x_g / |x_g|_inf."""
        members = xp.reshape(x, self._view.shape)
        top = xp.max(xp.abs(members), axis=self._view.axes, keepdims=True)
        unit = members / xp.where(top > 0, top, xp.ones_like(top))
        squares = xp.sum(unit * unit, axis=self._view.axes, keepdims=True)
        return xp.reshape(top * xp.sqrt(squares), (-1,))

    def expand(self, xp: Any, per_group: Array, free: float) -> Array:
        """Return per_group[group of entry] in the shape of the tensor; no entry is free."""
        grid = xp.reshape(per_group, self._view.grid)
        return xp.reshape(xp.broadcast_to(grid, self._view.shape), self._shape)

    def weights(self, xp: Any, x: Array) -> Array:
        """Return sqrt(n_g) in the library, dtype and device of x, shape (1,)."""
        root = [self._view.size**0.5]
        return xp.asarray(root, dtype=x.dtype, device=array_api_compat.device(x))

    def free_part(self, xp: Any, x: Array) -> Array:
        """Return the entries that lie in no group: none, shape (0,)."""
        return xp.reshape(x, (-1,))[:0]


def _is_pair(sizes: Any) -> bool:
    return isinstance(sizes, tuple | list) and len(sizes) == 2
