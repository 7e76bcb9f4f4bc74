"""The idx files of MNIST and Fashion-MNIST."""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

_UNSIGNED_BYTES = bytes([0, 0, 0x08])
_AXES = 32
_MOST = 1 << 30
"""Twenty times the images of MNIST: what a header tells is allocated before it is read."""


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """Return the array of unsigned bytes in an idx file, compressed by gzip or not.

    The header is two zero bytes, the type of the entries, the number of axes, and the length of
    each axis as four bytes, the highest first.

    Parameters
    ----------
    path : Path
        The file; it is compressed if its name ends in ``.gz``.

    Returns
    -------
    array of uint8
        Of the shape that the header tells.

    Raises
    ------
    ValueError
        If the file is damaged, is no idx file of unsigned bytes, or holds fewer or more entries
        than its header tells.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            magic = file.read(4)
            if len(magic) < 4 or magic[:3] != _UNSIGNED_BYTES or not 1 <= magic[3] <= _AXES:
                raise ValueError(f"{path} must be an idx file of unsigned bytes, got {magic!r}")
            shape = np.frombuffer(file.read(4 * magic[3]), dtype=">u4").tolist()
            size = math.prod(shape)
            if size > _MOST:
                raise ValueError(f"{path} must hold at most {_MOST} entries, its header tells more")
            # One byte more than there should be, so that a file never fills the memory.
            entries = file.read(size + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    if len(shape) != magic[3] or len(entries) != size:
        held = "more" if len(entries) > size else len(entries)
        raise ValueError(f"{path} must hold {size} entries as its header tells, got {held}")
    return np.frombuffer(entries, dtype=np.uint8).reshape(shape)
