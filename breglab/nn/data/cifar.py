"""The batches of CIFAR-10, in their binary and in their pickled form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from breglab.nn.data._pickled import read_pickle

BATCHES = {"train": [f"data_batch_{i}" for i in range(1, 6)], "test": ["test_batch"]}
_PIXELS = 3 * 32 * 32
Pixels = npt.NDArray[np.uint8]


def read_binary(path: Path) -> tuple[Pixels, Pixels]:
    """Return images and labels of a batch in which each image is its label and 3,072 pixels.

    Parameters
    ----------
    path : Path
        A file such as ``data_batch_1.bin``.

    Returns
    -------
    images : array of uint8
        Shape (n, 3, 32, 32).
    labels : array of uint8
        Shape (n,).

    Raises
    ------
    ValueError
        If the file holds no whole number of images.
    """
    entries = np.fromfile(path, dtype=np.uint8)
    if not entries.size or entries.size % (_PIXELS + 1):
        raise ValueError(
            f"{path} must hold whole images of {_PIXELS + 1} bytes each, got {entries.size} bytes"
        )
    rows = entries.reshape(-1, _PIXELS + 1)
    return rows[:, 1:].reshape(-1, 3, 32, 32), rows[:, 0]


def read_pickled(path: Path) -> tuple[Pixels, Pixels]:
    """Return images and labels of a pickled batch, as `read_binary` does.

    Parameters
    ----------
    path : Path
        A file such as ``data_batch_1``. Nothing that it names is run.

    Raises
    ------
    ValueError
        If it asks for anything but an array of bytes, or holds no images and labels.
    """
    batch = read_pickle(path)
    images: Any = batch.get(b"data")
    labels: Any = batch.get(b"labels")
    whole = isinstance(images, np.ndarray) and images.ndim == 2 and images.shape[1] == _PIXELS
    if not whole or not isinstance(labels, list) or len(labels) != len(images):
        raise ValueError(f"{path} must hold images of {_PIXELS} bytes and as many labels")
    if not all(type(label) is int and 0 <= label < 256 for label in labels):
        raise ValueError(f"{path} must hold labels that are small integers")
    return images.reshape(-1, 3, 32, 32), np.array(labels, dtype=np.uint8)
