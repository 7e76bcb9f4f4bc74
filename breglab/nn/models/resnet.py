"""Residual networks for small images."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from breglab._checks import count


class ResidualBlock(nn.Module):
    """relu(F(x) + shortcut(x)) with two 3 x 3 convolutions in F, each with batch norm.

    Parameters
    ----------
    n_in, n_out : int
        Channels.
    stride : int
        Of the first convolution; if it or the channels change the shape, the shortcut is a 1 x 1
        convolution with batch norm.
    """

    def __init__(self, n_in: int, n_out: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(n_out)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(n_out)
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or n_in != n_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out)
            )
        self.relu2 = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, n_in, h, w)`` to ``(batch, n_out, h / stride, w / stride)``."""
        inner = self.norm2(self.conv2(self.relu1(self.norm1(self.conv1(x)))))
        out: Tensor = self.relu2(inner + self.shortcut(x))
        return out


class ResNet(nn.Module):
    """A residual network whose first convolution keeps the size of the images (CIFAR's variant).

    Parameters
    ----------
    blocks : sequence of int
        Residual blocks of each stage; the channels double from stage to stage, and the size of
        the images halves.
    channels : int
        Of the images.
    classes : int
        Number of outputs.
    width : int
        Channels of the first stage.

    Raises
    ------
    TypeError, ValueError
        If a number is no integer >= 1, or there is no stage.

    References
    ----------
    He, Zhang, Ren and Sun, Deep residual learning for image recognition, CVPR 2016.
    """

    def __init__(
        self,
        blocks: Sequence[int] = (2, 2, 2, 2),
        channels: int = 3,
        classes: int = 10,
        width: int = 64,
    ) -> None:
        super().__init__()
        for name, value in {"channels": channels, "classes": classes, "width": width}.items():
            count(value, name)
        if not blocks:
            raise ValueError(f"blocks must name at least one stage, got {blocks!r}")
        self.conv = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        stages, n_in = [], width
        for i, depth in enumerate(blocks):
            n_out, inner = width << i, []
            for k in range(count(depth, f"blocks[{i}]")):
                inner.append(ResidualBlock(n_in, n_out, stride=2 if i and not k else 1))
                n_in = n_out
            stages.append(nn.Sequential(*inner))
        self.stages = nn.Sequential(*stages)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.linear = nn.Linear(n_in, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map images ``(batch, channels, h, w)`` to logits ``(batch, classes)``."""
        features = self.stages(self.relu(self.norm(self.conv(x))))
        out: Tensor = self.linear(self.flatten(self.pool(features)))
        return out


class ResNet18(ResNet):
    """The ResNet-18 of Section 4.5 of Bungert et al. (JMLR 2022), 11,173,962 parameters.

    Parameters
    ----------
    channels, classes, width : int
        As in `ResNet`.
    """

    def __init__(self, channels: int = 3, classes: int = 10, width: int = 64) -> None:
        super().__init__((2, 2, 2, 2), channels, classes, width)
