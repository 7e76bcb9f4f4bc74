"""Images: one of them pixel by pixel, or several beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from breglab._checks import count
from breglab.plotting.style import style

_DPI = 100.0


def picture(image: npt.NDArray[Any], scale: int = 2) -> Figure:
    """Draw one grey image and nothing else; saved as PNG it has ``scale`` pixels a pixel.

    Parameters
    ----------
    image : array, shape (h, w)
        Grey values, black at 0 and white at 1; others are clipped.
    scale : int
        Enlargement, >= 1.

    Raises
    ------
    ValueError
        If the image is not two-dimensional.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.plotting import picture
    >>> picture(np.eye(8), scale=4).get_size_inches().tolist()
    [0.32, 0.32]
    """
    count(scale, "scale")
    height, width = _image(image).shape
    with style():
        figure = Figure(figsize=(scale * width / _DPI, scale * height / _DPI), dpi=_DPI)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.set_axis_off()
        axes.imshow(image, cmap="gray", vmin=0.0, vmax=1.0, interpolation="nearest", aspect="auto")
    return figure


def reconstructions(
    images: Sequence[npt.NDArray[Any]], captions: Sequence[str], columns: int = 3
) -> Figure:
    """Draw several grey images with captions, row by row.

    Parameters
    ----------
    images : sequence of array, each of shape (h, w)
        Grey values in [0, 1]; others are clipped.
    captions : sequence of str
        One for each image.
    columns : int
        Images in a row.

    Raises
    ------
    ValueError
        If there is no image, an image is not two-dimensional, or the numbers differ.
    """
    if not images or len(images) != len(captions):
        raise ValueError(
            f"images and captions must be as many and at least one, got {len(images)} images "
            f"and {len(captions)} captions"
        )
    rows = -(-len(images) // count(columns, "columns"))
    with style():
        figure = Figure(figsize=(2.0 * columns, 2.3 * rows), layout="compressed")
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for axes, image, caption in zip(grid.flat, images, captions, strict=False):
            axes.imshow(_image(image), cmap="gray", vmin=0.0, vmax=1.0, interpolation="nearest")
            axes.set_title(caption, fontsize=8.0)
    return figure


def _image(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if np.ndim(image) != 2:
        raise ValueError(f"image must have shape (height, width), got {np.shape(image)}")
    return image
