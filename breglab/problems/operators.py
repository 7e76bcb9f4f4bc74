"""Measurement operators with orthonormal rows, applied without forming a matrix."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import scipy.fft
from scipy.sparse.linalg import LinearOperator

from breglab._checks import Array, count


@dataclasses.dataclass(frozen=True)
class CosineSynthesis:
    """The orthonormal map between an image and its 2-D cosine coefficients (DCT-II).

    Ahmed, Natarajan and Rao, Discrete cosine transform, IEEE Trans. Comput. C-23 (1974).

    Attributes
    ----------
    image_shape : tuple of int
        Height and width.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.problems import CosineSynthesis
    >>> CosineSynthesis((2, 2))(np.array([2.0, 0.0, 0.0, 0.0])).round(6).tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """

    image_shape: tuple[int, int]

    def __call__(self, coefficients: Array) -> Array:
        """Return the images with the given coefficients: ``(..., h w)`` to ``(..., h, w)``."""
        grid = np.reshape(coefficients, (*coefficients.shape[:-1], *self.image_shape))
        return scipy.fft.idctn(grid, axes=(-2, -1), norm="ortho")

    def analyse(self, images: Array) -> Array:
        """Return the coefficients of images: ``(..., h, w)`` to ``(..., h w)``."""
        grid = scipy.fft.dctn(images, axes=(-2, -1), norm="ortho")
        return np.reshape(grid, (*images.shape[:-2], math.prod(self.image_shape)))


class SubsampledTransform(LinearOperator):  # type: ignore[misc]  # SciPy is untyped
    """Random orthonormal measurements of an image that is given by its cosine coefficients.

    A = R H D Psi: Psi turns coefficients into pixels (`CosineSynthesis`), D flips random signs,
    H is the orthonormal 1-D cosine transform of the flattened pixels, and R keeps a random subset
    of the rows. Then A A^T = I, so the Lipschitz constant of |A theta - b|^2/2 is one. Without
    mixing, A = R Psi samples single pixels.

    Parameters
    ----------
    image_shape : tuple of int
        Height and width, n = h w.
    measurements : int
        The number m of rows, from 1 to n.
    seed : int
        Seed of the signs and of the subset.
    mixing : bool
        Whether H D is applied.

    Attributes
    ----------
    synthesis : CosineSynthesis
        The map Psi.
    rows : array
        The sorted indices that R keeps, shape ``(m,)``.
    signs : array
        The diagonal of D, shape ``(n,)``; ones without mixing.

    Raises
    ------
    TypeError, ValueError
        If a length, the seed or the number of measurements is not an integer in its range.

    Notes
    -----
    Do, Gan, Nguyen and Tran, IEEE Trans. Signal Process. 60 (2012).
    """

    def __init__(
        self,
        image_shape: tuple[int, int],
        measurements: int,
        *,
        seed: int = 0,
        mixing: bool = True,
    ) -> None:
        height, width = (count(length, "image_shape") for length in image_shape)
        size = height * width
        if count(measurements, "measurements") > size:
            raise ValueError(f"measurements must be <= {size}, got {measurements}")
        rng = np.random.default_rng(count(seed, "seed", low=0))
        self.synthesis = CosineSynthesis((height, width))
        self.mixing = mixing
        self.signs = rng.choice([-1.0, 1.0], size=size) if mixing else np.ones(size)
        self.rows = np.sort(rng.choice(size, size=measurements, replace=False))
        super().__init__(np.dtype(float), (measurements, size))

    def _matmat(self, X: Array) -> Array:
        pixels = np.reshape(self.synthesis(X.T), (X.shape[1], self.shape[1]))
        if self.mixing:
            pixels = scipy.fft.dct(self.signs * pixels, axis=-1, norm="ortho")
        return pixels[:, self.rows].T

    def _rmatmat(self, X: Array) -> Array:
        pixels = np.zeros((X.shape[1], self.shape[1]))
        pixels[:, self.rows] = X.T
        if self.mixing:
            pixels = self.signs * scipy.fft.idct(pixels, axis=-1, norm="ortho")
        images = np.reshape(pixels, (X.shape[1], *self.synthesis.image_shape))
        return self.synthesis.analyse(images).T

    def _rmatvec(self, x: Array) -> Array:
        return self._rmatmat(np.reshape(x, (-1, 1)))
