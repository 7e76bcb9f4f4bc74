"""Data sets of images by their names."""

from __future__ import annotations

import functools
import os
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from breglab._checks import choice
from breglab.nn.data._archive import extract
from breglab.nn.data._download import cache_folder, download
from breglab.nn.data.cifar import BATCHES, read_binary, read_pickled
from breglab.nn.data.digits import read_digits
from breglab.nn.data.idx import read_idx

NAMES = ("digits", "mnist", "fashion-mnist", "cifar10")
_PREFIX = {"train": "train", "test": "t10k"}


@dataclass(frozen=True)
class Split:
    """Images and their labels.

    Attributes
    ----------
    images : Tensor
        Pixels as they are in the files; shape (n, channels, height, width), uint8.
    labels : Tensor
        Classes from 0; shape (n,), int64.
    """

    images: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Images:
    """A data set with its split into images to train and to test with.

    Attributes
    ----------
    name : str
        One of `NAMES`.
    train, test : Split
        The official split, where there is one.
    classes : tuple of str
        What the labels stand for.
    """

    name: str
    train: Split
    test: Split
    classes: tuple[str, ...]


def load(name: str = "digits", folder: str | os.PathLike[str] | None = None) -> Images:
    """Return a data set.

    Parameters
    ----------
    name : str
        One of `NAMES`. "digits" comes with scikit-learn, the others are downloaded once.
    folder : path, optional
        A folder that holds the official files in the layout of torchvision (``MNIST/raw``,
        ``FashionMNIST/raw``, ``cifar-10-batches-bin`` or ``cifar-10-batches-py``); then nothing
        is downloaded. The environment variable BREGLAB_DATA unless given. Without both, the cache
        of the user.

    Raises
    ------
    ValueError
        If the name is unknown, or a file is damaged.
    FileNotFoundError
        If the folder does not hold the data set.
    ConnectionError
        If it cannot be downloaded.
    """
    choice(name, "name", NAMES)
    if name == "digits":
        images, labels, test_images, test_labels = read_digits()
        train, test = _split(images, labels, "digits"), _split(test_images, test_labels, "digits")
        return Images(name, train, test, tuple("0123456789"))
    entry = _registry()[name]
    given = folder or os.environ.get("BREGLAB_DATA")
    root = Path(given) if given else _fetch(entry)
    read: Callable[..., Split] = _read_cifar if name == "cifar10" else _read_idx
    train, test = (read(entry, root, split) for split in ("train", "test"))
    for split in (train, test):
        if list(split.images.shape[1:]) != entry["shape"]:
            raise ValueError(
                f"{entry['title']} in {root} must have images of shape {entry['shape']}, "
                f"got {list(split.images.shape[1:])}"
            )
    return Images(name, train, test, tuple(entry["classes"]))


@functools.cache
def _registry() -> dict[str, Any]:
    text = resources.files("breglab.nn.data").joinpath("registry.toml").read_text()
    return tomllib.loads(text)


def _fetch(entry: dict[str, Any]) -> Path:
    """Return the cache folder, with the files of a data set in it."""
    root = cache_folder()
    folder = root / entry["folder"]
    for name, sha256 in entry["files"].items():
        if not name.endswith(".tar.gz"):
            download(name, entry["mirrors"], sha256, folder)
        elif not folder.is_dir():
            archive = download(name, entry["mirrors"], sha256, folder.parent)
            extract(archive, folder)
            archive.unlink()
    return root


def _read_idx(entry: dict[str, Any], root: Path, split: str) -> Split:
    paths = []
    for kind in ("images-idx3", "labels-idx1"):
        plain = root / entry["folder"] / f"{_PREFIX[split]}-{kind}-ubyte"
        paths.append(_existing(entry, plain.with_name(plain.name + ".gz"), plain))
    images, labels = map(read_idx, paths)
    return _split(images[:, None], labels, str(paths[0]))


def _read_cifar(entry: dict[str, Any], root: Path, split: str) -> Split:
    parts = []
    for name in BATCHES[split]:
        binary = root / entry["folder"] / f"{name}.bin"
        path = _existing(entry, binary, root / "cifar-10-batches-py" / name)
        parts.append(read_binary(path) if path == binary else read_pickled(path))
    images, labels = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return _split(images, labels, str(root))


def _existing(entry: dict[str, Any], *candidates: Path) -> Path:
    for path in candidates:
        if path.exists():
            return path
    raise FileNotFoundError(
        f"{entry['title']} must be in the folder as {' or '.join(map(str, candidates))}, "
        "but there is no such file; without BREGLAB_DATA and --data it is downloaded"
    )


def _split(images: Any, labels: Any, where: str) -> Split:
    if labels.ndim != 1:
        raise ValueError(f"{where} must have labels in one row, got labels of shape {labels.shape}")
    if len(images) != len(labels) or not len(labels) or labels.max() > 9:
        raise ValueError(
            f"{where} must hold as many images as labels, of 0 to 9; got {len(images)} images "
            f"and {len(labels)} labels up to {max(labels, default=None)}"
        )
    return Split(torch.tensor(images), torch.tensor(labels, dtype=torch.int64))
