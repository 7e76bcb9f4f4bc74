"""The digits that come with scikit-learn: small enough to need no download."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


@cache
def read_digits() -> tuple[Pixels, Pixels, Pixels, Pixels]:
    """Return images and labels to train with, then those to test with.

    The 1,797 images of 8 x 8 pixels are handwritten digits of the UCI repository (E. Alpaydin and
    C. Kaynak, 1998) without a split of their own: every fifth image of each class is for testing.

    Returns
    -------
    images, labels, test_images, test_labels : arrays of uint8
        Shapes (n, 1, 8, 8) and (n,); pixels are 0 to 16.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    images, labels = bunch.images.astype(np.uint8)[:, None], bunch.target.astype(np.uint8)
    # Which image of its class each one is.
    rank = np.empty(len(labels), dtype=np.int64)
    for label in range(10):
        own = labels == label
        rank[own] = np.arange(own.sum())
    test = rank % 5 == 4
    return images[~test], labels[~test], images[test], labels[test]
