"""Random shifts and mirror images of a batch."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from breglab.nn.data.seeds import generator

AUGMENTATIONS = ("none", "shift", "shift-flip")


def augmented(x: Tensor, kind: str, *key: int | str) -> Tensor:
    """Return a batch of images, each changed by itself.

    Parameters
    ----------
    x : Tensor
        Shape (batch, channels, height, width).
    kind : {"none", "shift", "shift-flip"}
        Shifts by up to an eighth of the height, filled up with zeros, which are mean pixels of
        normalised images; and a mirror image of every second one on the average.
    *key : int or str
        Of `breglab.nn.data.seeds.generator`.
    """
    if kind == "none":
        return x
    rng = generator("augment", *key)
    n, channels, height, width = x.shape
    most = height // 8
    shifts = torch.randint(0, 2 * most + 1, (2, n, 1), generator=rng).to(x.device)
    rows = (torch.arange(height, device=x.device) + shifts[0])[:, None, :, None]
    columns = (torch.arange(width, device=x.device) + shifts[1])[:, None, None, :]
    if kind == "shift-flip":
        mirrored = (torch.rand((n, 1, 1, 1), generator=rng) < 0.5).to(x.device)
        columns = torch.where(mirrored, columns.flip(-1), columns)
    images = torch.arange(n, device=x.device)[:, None, None, None]
    channel = torch.arange(channels, device=x.device)[:, None, None]
    return F.pad(x, (most, most, most, most))[images, channel, rows, columns]
