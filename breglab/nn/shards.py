"""Groups in tensors that are cut into shards: DTensors, as FSDP2 and tensor parallelism make them.

A group that lies in one shard needs no communication. Of a group that is cut, the squares are
summed over the processes: one number for each group goes over the network, not the tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor

from breglab.geometry import Layout


def is_sharded(x: Any) -> bool:
    """Return whether a tensor is a DTensor; its class is not imported where there is none."""
    return hasattr(x, "placements")


def is_plainly_sharded(x: Any) -> bool:
    """Return whether a DTensor is cut along each of its axes at most once."""
    from torch.distributed.tensor import Replicate, Shard

    cut = [p.dim for p in x.placements if type(p) is Shard]
    return len(cut) == len(set(cut)) and all(type(p) in (Shard, Replicate) for p in x.placements)


def whole(x: Tensor) -> Tensor:
    """Return a tensor, gathered from its shards if it has any."""
    sharded: Any = x
    return sharded.full_tensor() if is_sharded(x) else x


def of_whole(function: Callable[..., Tensor], *tensors: Any) -> Tensor:
    """Return a function of the whole tensors, in shards like those of the first one.

    All processes gather the tensors: this is for what is seldom done, or cannot be divided.

    Parameters
    ----------
    function : callable
        Returns a tensor of the shape of its first argument.
    *tensors : DTensor
        Its arguments.
    """
    from torch.distributed.tensor import DTensor, Replicate

    mesh, placements = tensors[0].device_mesh, tensors[0].placements
    result = function(*(x.full_tensor() for x in tensors))
    everywhere = DTensor.from_local(result, mesh, [Replicate()] * mesh.ndim, run_check=False)
    again: Tensor = everywhere.redistribute(mesh, placements)
    return again


def scaled_groups(layout: Layout, x: Any, scale: Callable[[Tensor], Tensor]) -> Tensor:
    """Return a tensor with each of its groups multiplied by a function of the group's norm.

    Parameters
    ----------
    layout : Layout
        Cuts the whole tensor into groups.
    x : DTensor
        One that `is_plainly_sharded`, of two axes or more.
    scale : callable
        From norms |x_g| to as many factors.

    Returns
    -------
    DTensor
        In the same shards.
    """
    from torch.distributed.tensor import DTensor

    local = x.to_local()
    first, second = (_axis(x, k, length) for k, length in enumerate(_lengths(layout, x.shape)))
    runs = (first.runs, first.length, second.runs, second.length)
    seen = local.reshape(*runs, local.shape[2:].numel())
    norms = torch.linalg.vector_norm(seen, dim=(1, 3, 4))
    norms = _over_processes(x, norms, (first, second))
    result = (seen * scale(norms)[:, None, :, None, None]).reshape(local.shape)
    cut: Tensor = DTensor.from_local(
        result, x.device_mesh, x.placements, run_check=False, shape=x.shape, stride=x.stride()
    )
    return cut


class _Axis(NamedTuple):
    """One of the first two axes of a shard: runs of entries that belong to one group.

    Attributes
    ----------
    runs, length : int
        How many runs there are, and of how many entries.
    groups : Tensor or None
        The number of the group of each run where groups are cut, None if each run is a group.
    total : int
        How many groups the axis has in all shards.
    """

    runs: int
    length: int
    groups: Tensor | None
    total: int


def _lengths(layout: Layout, shape: Sequence[int]) -> tuple[int, int]:
    """Return how far a group extends along the first two axes; along the others it is whole."""
    rows, columns = shape[:2]
    if layout.name == "blocks":
        return layout.sizes[0], layout.sizes[1]
    if layout.name == "heads":
        return rows // layout.sizes[0], columns
    return {"columns": (rows, 1), "kernels": (1, 1)}.get(layout.name, (1, columns))


def _axis(x: Any, k: int, length: int) -> _Axis:
    n, here = x.shape[k], x.to_local().shape[k]
    for i, placement in enumerate(x.placements):
        if placement.is_shard(k):
            each = -(-n // x.device_mesh.size(i))  # as torch.chunk cuts
            if each % length:
                start = min(x.device_mesh.get_local_rank(i) * each, n)
                places = torch.arange(start, start + here, device=x.to_local().device)
                return _Axis(here, 1, places // length, n // length)
    return _Axis(here // length, length, None, n // length)


def _over_processes(x: Any, norms: Tensor, axes: Sequence[_Axis]) -> Tensor:
    """Return for each run the norm of its whole group."""
    cutting = [
        x.device_mesh.get_group(i)
        for i, p in enumerate(x.placements)
        if not p.is_replicate() and (p.dim > 1 or axes[p.dim].groups is not None)
    ]
    if not cutting:
        return norms
    squares = norms.square()
    for k, axis in enumerate(axes):
        if axis.groups is not None:
            shape = [axis.total if i == k else n for i, n in enumerate(squares.shape)]
            squares = squares.new_zeros(shape).index_add(k, axis.groups, squares)
    for group in cutting:
        dist.all_reduce(squares, group=group)
    for k, axis in enumerate(axes):
        if axis.groups is not None:
            squares = squares.index_select(k, axis.groups)
    return squares.sqrt()
