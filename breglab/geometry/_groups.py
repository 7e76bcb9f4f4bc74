"""Disjoint groups of coordinates: their canonical form, and arithmetic on all groups at once."""

from __future__ import annotations

import numbers
from collections import defaultdict
from collections.abc import Mapping, Set
from typing import Any

import array_api_compat
import numpy as np

from breglab._checks import Array, count
from breglab.geometry._points import max_abs

Groups = tuple[tuple[int, ...], ...]


def canonical(groups: Any, size: int | None) -> tuple[Groups, int]:
    """Return the groups as sorted tuples in the order of their first index, and the total size.

    Parameters
    ----------
    groups : 1-D array or sequence of int, or sequence of index sequences
        One label a coordinate (-1: in no group), or the indices of each group.
    size : int or None
        The number of coordinates; None: the number of labels, or the largest index plus one.

    Raises
    ------
    TypeError
        If labels or indices are not integers.
    ValueError
        If there is no group, a group is empty, groups overlap, or an index or the number of
        labels does not fit the size.
    """
    if not _is_sequence(groups) or isinstance(groups, Set):
        raise TypeError(f"groups must be labels or index sequences, got {groups!r}")
    entries = groups.tolist() if hasattr(groups, "tolist") else list(groups)
    if not isinstance(entries, list) or not entries:
        raise ValueError(f"groups must hold at least one group, got {groups!r}")
    if all(_is_sequence(entry) for entry in entries):
        members = [[_integer(index) for index in group] for group in entries]
        default = 1 + max((index for group in members for index in group), default=0)
    else:
        members = _members([_integer(label) for label in entries])
        default = len(entries)
        if size not in (None, default):
            raise ValueError(f"size must be the number of labels, {default}, got {size!r}")
    total = count(default if size is None else size, "size")
    _check_disjoint(members, total)
    return tuple(sorted(tuple(sorted(group)) for group in members)), total


def _is_sequence(x: Any) -> bool:
    return hasattr(x, "__iter__") and not isinstance(x, str | Mapping)


def _integer(value: Any) -> int:
    if isinstance(value, bool | np.bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"groups must hold integers, got {value!r}")
    return int(value)


def _members(labels: list[int]) -> list[list[int]]:
    members = defaultdict(list)
    for index, label in enumerate(labels):
        if label < -1:
            raise ValueError(f"groups must hold labels >= 0, or -1 for no group, got {label}")
        if label >= 0:
            members[label].append(index)
    if not members:
        raise ValueError("groups must hold at least one group, got only labels -1")
    return list(members.values())


def _check_disjoint(members: list[list[int]], size: int) -> None:
    seen: set[int] = set()
    for group in members:
        if not group:
            raise ValueError(f"groups must not be empty, got {group!r}")
        for index in group:
            if not 0 <= index < size:
                raise ValueError(f"groups must hold indices in 0..{size - 1}, got {index}")
            if index in seen:
                raise ValueError(f"groups must be disjoint, got index {index} twice")
            seen.add(index)


class GroupIndex:
    """Gathers the norms of all groups, and hands one number a group back to its coordinates.

    Groups of one size are gathered together, so the cost is a few array operations for each
    size that occurs, whatever the number of groups.

    Attributes
    ----------
    root_sizes : list of float
        sqrt(n_g) of each group, in the order in which `norms` lists the groups.
    free : NumPy array of int
        The coordinates that lie in no group.
    """

    def __init__(self, groups: Groups, size: int) -> None:
        by_size = defaultdict(list)
        for group in groups:
            by_size[len(group)].append(group)
        self._buckets = [np.asarray(bucket, dtype=np.int64) for bucket in by_size.values()]
        self._position = np.full(size, len(groups), dtype=np.int64)
        self.root_sizes = [len(group) ** 0.5 for bucket in by_size.values() for group in bucket]
        ordered = (group for bucket in by_size.values() for group in bucket)
        for position, group in enumerate(ordered):
            self._position[list(group)] = position
        self.free = np.flatnonzero(self._position == len(groups))

    def norms(self, xp: Any, x: Array) -> Array:
        """Return |x_g|_2 of all groups, shape (..., G), for x of shape (..., n).

        By way of x_g / |x_g|_inf, since squares of the entries would overflow and underflow.
        """
        parts = []
        for bucket in self._buckets:
            members = xp.take(x, _like(xp, bucket.reshape(-1), x), axis=-1)
            members = xp.reshape(members, (*x.shape[:-1], *bucket.shape))
            top = max_abs(xp, members, 1, keepdims=True)
            unit = members / xp.where(top > 0, top, xp.ones_like(top))
            parts.append(top[..., 0] * xp.linalg.vector_norm(unit, axis=-1))
        return xp.concat(parts, axis=-1)

    def expand(self, xp: Any, per_group: Array, free: float) -> Array:
        """Return per_group[..., group of i] at coordinate i and `free` where there is no group."""
        last = xp.full_like(per_group[..., :1], free)
        position = _like(xp, self._position, per_group)
        return xp.take(xp.concat([per_group, last], axis=-1), position, axis=-1)

    def weights(self, xp: Any, x: Array) -> Array:
        """Return sqrt(n_g) of all groups in the library, dtype and device of x, shape (G,)."""
        return xp.asarray(self.root_sizes, dtype=x.dtype, device=array_api_compat.device(x))

    def free_part(self, xp: Any, x: Array) -> Array:
        """Return the coordinates of x that lie in no group, shape (..., number of them)."""
        return xp.take(x, _like(xp, self.free, x), axis=-1)


def _like(xp: Any, index: Any, x: Array) -> Array:
    return xp.asarray(index, device=array_api_compat.device(x))
