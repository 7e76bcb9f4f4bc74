"""The convolutional network of Section 4.4."""

from __future__ import annotations

from torch import Tensor, nn

from breglab._checks import count


class ConvNet(nn.Module):
    """Two convolutions with max pooling, and two linear layers.

    5 x 5 conv, 64 - pool - 5 x 5 conv, 64 - pool - fc 128 - fc 10, with ReLUs: the network of
    Section 4.4 of Bungert et al. (JMLR 2022) for 28 x 28 images, with 236,618 parameters.

    Parameters
    ----------
    channels : int
        Of the images.
    size : int
        Height and width of the images in pixels.
    classes : int
        Number of outputs.
    width : int
        Channels of both convolutions.
    hidden : int
        Width of the hidden linear layer.
    kernel : int
        Height and width of the kernels in pixels.
    padding : int
        Zeros around the images, in pixels.

    Raises
    ------
    TypeError, ValueError
        If a number is no integer in its range, or nothing is left of the images.
    """

    def __init__(
        self,
        channels: int = 1,
        size: int = 28,
        classes: int = 10,
        width: int = 64,
        hidden: int = 128,
        kernel: int = 5,
        padding: int = 0,
    ) -> None:
        super().__init__()
        numbers = {"channels": channels, "size": size, "classes": classes, "width": width,
                   "hidden": hidden, "kernel": kernel}  # fmt: skip
        for name, value in numbers.items():
            count(value, name)
        count(padding, "padding", low=0)
        left = size
        for _ in range(2):
            left = (left + 2 * padding - kernel + 1) // 2
        if left < 1:
            raise ValueError(
                "size must leave a pixel after two convolutions and two poolings, got "
                f"{size} with kernel={kernel} and padding={padding}"
            )
        self.layers = nn.Sequential(
            nn.Conv2d(channels, width, kernel, padding=padding),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(width, width, kernel, padding=padding),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(width * left * left, hidden),
            nn.ReLU(),
            nn.Linear(hidden, classes),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map images ``(batch, channels, size, size)`` to logits ``(batch, classes)``."""
        out: Tensor = self.layers(x)
        return out
