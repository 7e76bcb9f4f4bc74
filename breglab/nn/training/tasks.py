"""What a network learns: the tensors it sees, its loss, and how well it does."""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional as F

from breglab.nn.data.images import Images, Split
from breglab.nn.data.seeds import generator
from breglab.nn.training.config import Data


class Task(Protocol):
    """A task turns pixels into tensors once, and outputs into a loss."""

    def tensors(self, split: Split, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Return inputs and targets of all images, the inputs in a dtype."""

    def inputs(self, x: Tensor, *key: int | str) -> Tensor:
        """Return what the network sees of a batch; `key` seeds what is drawn."""

    def check(self, output: Tensor, target: Tensor) -> None:
        """Refuse outputs that do not fit the targets."""

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the mean loss of a batch."""

    def score(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the sum of what `figures` is told beside the loss."""

    def figures(self, loss: float, score: float) -> dict[str, float]:
        """Return what is reported of the mean loss and the mean score."""


class Classify:
    """Cross entropy of classes; inputs are normalised by the training images of each channel."""

    def __init__(self, train: Split) -> None:
        moments = [_moments(train.images[:, c]) for c in range(train.images.shape[1])]
        self.classes = int(train.labels.max()) + 1
        self.moments = torch.tensor(moments, dtype=torch.float64).T[:, None, :, None, None]

    def tensors(self, split: Split, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Return normalised images and labels."""
        mean, deviation = self.moments.to(dtype)
        return split.images.to(dtype).sub_(mean).div_(deviation), split.labels

    def inputs(self, x: Tensor, *key: int | str) -> Tensor:
        """Return the batch as it is."""
        return x

    def check(self, output: Tensor, target: Tensor) -> None:
        """Refuse anything but one number for each class at least."""
        if output.ndim != 2 or output.shape[1] < self.classes:
            raise ValueError(
                f"[model] must give {self.classes} numbers an image to classify, got outputs of "
                f"shape {tuple(output.shape[1:])}"
            )

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the mean cross entropy."""
        return F.cross_entropy(output, target)

    def score(self, output: Tensor, target: Tensor) -> Tensor:
        """Return how many images are classified right."""
        return (output.argmax(1) == target).sum()

    def figures(self, loss: float, score: float) -> dict[str, float]:
        """Return loss and accuracy."""
        return {"loss": loss, "accuracy": score}


class Denoise:
    """Mean squared error of images with pixels in [0, 1] from noisy ones."""

    def __init__(self, train: Split, noise: float) -> None:
        self.scale, self.noise = float(train.images.max()), noise

    def tensors(self, split: Split, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Return the images twice."""
        images = split.images.to(dtype).div_(self.scale)
        return images, images

    def inputs(self, x: Tensor, *key: int | str) -> Tensor:
        """Return the batch with Gaussian noise."""
        drawn = torch.randn(x.shape, generator=generator("noise", *key))
        return x + self.noise * drawn.to(x)

    def check(self, output: Tensor, target: Tensor) -> None:
        """Refuse anything but images of the same shape."""
        if output.shape != target.shape:
            raise ValueError(
                f"[model] must give images of shape {tuple(target.shape[1:])} to denoise, got "
                f"outputs of shape {tuple(output.shape[1:])}"
            )

    def loss(self, output: Tensor, target: Tensor) -> Tensor:
        """Return the mean squared error."""
        return F.mse_loss(output, target)

    def score(self, output: Tensor, target: Tensor) -> Tensor:
        """Return nothing: the loss tells all."""
        return output.new_zeros(())

    def figures(self, loss: float, score: float) -> dict[str, float]:
        """Return the loss and the peak signal-to-noise ratio in dB."""
        return {"loss": loss, "psnr": -10.0 * math.log10(loss) if loss > 0 else math.inf}


def task_of(data: Data, train: Split) -> Task:
    """Return the task of a configuration."""
    return Classify(train) if data.task == "classify" else Denoise(train, data.noise)


def divide(images: Images, validation: int, seed: int) -> dict[str, Split]:
    """Return the splits "train", "validation" (unless empty) and "test".

    Raises
    ------
    ValueError
        If nothing is left to train with.
    """
    n = len(images.train.labels)
    if validation >= n:
        raise ValueError(f"data.validation must be < {n} training images, got {validation}")
    if not validation:
        return {"train": images.train, "test": images.test}
    order = torch.randperm(n, generator=generator(seed, "validation"))
    own, aside = order[validation:].sort().values, order[:validation].sort().values
    parts = {"train": own, "validation": aside}
    train = images.train
    divided = {name: Split(train.images[part], train.labels[part]) for name, part in parts.items()}
    return {**divided, "test": images.test}


def _moments(pixels: Tensor) -> tuple[float, float]:
    """Return mean and standard deviation, by the exact counts of the 256 values."""
    counts = torch.bincount(pixels.flatten(), minlength=256).double()
    values = torch.arange(256, dtype=torch.float64)
    mean = float(counts @ values / counts.sum())
    variance = float(counts @ (values - mean) ** 2 / counts.sum())
    return mean, math.sqrt(variance) or 1.0
