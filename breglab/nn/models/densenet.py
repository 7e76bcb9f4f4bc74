"""Densely connected convolutional networks: every layer sees all that came before it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from breglab._checks import count


class DenseLayer(nn.Module):
    """x -> (x, F(x)) along the channels, F = 3 x 3 convolution of relu(batch norm(x)).

    Parameters
    ----------
    n_in : int
        Channels of x.
    growth : int
        Channels of F(x).
    """

    def __init__(self, n_in: int, growth: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(n_in)
        self.relu = nn.ReLU()
        self.conv = nn.Conv2d(n_in, growth, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, n_in, h, w)`` to ``(batch, n_in + growth, h, w)``."""
        return torch.cat([x, self.conv(self.relu(self.norm(x)))], dim=1)


class DenseNet(nn.Module):
    """Dense blocks with 1 x 1 convolutions and average pooling in between.

    Parameters
    ----------
    blocks : sequence of int
        Layers of each dense block.
    growth : int
        Channels that each layer adds.
    channels : int
        Of the images.
    classes : int
        Number of outputs.
    width : int
        Channels of the first convolution, 2 growth unless given. Each transition halves them.

    Raises
    ------
    TypeError, ValueError
        If a number is no integer >= 1, or there is no block.

    References
    ----------
    Huang, Liu, van der Maaten and Weinberger, Densely connected convolutional networks, CVPR 2017.
    """

    def __init__(
        self,
        blocks: Sequence[int] = (4, 4, 4),
        growth: int = 12,
        channels: int = 3,
        classes: int = 10,
        width: int | None = None,
    ) -> None:
        super().__init__()
        for name, value in {"growth": growth, "channels": channels, "classes": classes}.items():
            count(value, name)
        if not blocks:
            raise ValueError(f"blocks must name at least one dense block, got {blocks!r}")
        n = 2 * growth if width is None else count(width, "width")
        layers: list[nn.Module] = [nn.Conv2d(channels, n, 3, padding=1, bias=False)]
        for i, depth in enumerate(blocks):
            if i:
                layers += [nn.BatchNorm2d(n), nn.ReLU()]
                layers += [nn.Conv2d(n, max(n // 2, 1), 1, bias=False), nn.AvgPool2d(2)]
                n = max(n // 2, 1)
            for _ in range(count(depth, f"blocks[{i}]")):
                layers.append(DenseLayer(n, growth))
                n += growth
        head = [nn.BatchNorm2d(n), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        self.layers = nn.Sequential(*layers, *head, nn.Linear(n, classes))

    def forward(self, x: Tensor) -> Tensor:
        """Map images ``(batch, channels, h, w)`` to logits ``(batch, classes)``."""
        out: Tensor = self.layers(x)
        return out
