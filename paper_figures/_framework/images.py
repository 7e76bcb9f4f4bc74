"""Grey images inside of JSON."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image


def packed(image: Any) -> str:
    """Return the 256 grey values of an image as a PNG file in base 64.

    Parameters
    ----------
    image : array, shape (h, w)
        Black at 0 and white at 1; others are clipped.
    """
    values = np.rint(255.0 * np.clip(np.asarray(image, dtype=np.float64), 0.0, 1.0))
    out = io.BytesIO()
    Image.fromarray(values.astype(np.uint8)).save(out, format="png", optimize=True)
    return base64.b64encode(out.getvalue()).decode()


def unpacked(text: str) -> npt.NDArray[np.float64]:
    """Return the image in [0, 1], shape (h, w)."""
    with Image.open(io.BytesIO(base64.b64decode(text))) as image:
        return np.asarray(image, dtype=np.float64) / 255.0
