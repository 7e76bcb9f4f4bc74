"""A photograph from half as many measurements as it has pixels."""

from __future__ import annotations

import numpy as np

from breglab._checks import Array
from breglab.problems.instances._registry import register
from breglab.problems.least_squares import LeastSquares
from breglab.problems.operators import SubsampledTransform
from breglab.problems.problem import Problem

_SHAPE = (128, 128)
_CORNER = (20, 75)


@register("photograph")
def photograph(name: str, rng: np.random.Generator) -> Problem:
    """Build the compressed sensing of a photograph in the cosine basis."""
    operator = SubsampledTransform(
        _SHAPE, _SHAPE[0] * _SHAPE[1] // 2, seed=int(rng.integers(2**32))
    )
    theta = operator.synthesis.analyse(_picture())
    return Problem(
        name=name,
        title="Recover a photograph from half as many random measurements as it has pixels.",
        loss=LeastSquares(operator, operator.matvec(theta), lipschitz=1.0),
        source="china.jpg of scikit-learn, detail at half the resolution",
        theta_true=theta,
        real_data=True,
        image_shape=_SHAPE,
        synthesis=operator.synthesis,
        notes="theta holds cosine coefficients, which decay but are not zero; grey values of the "
        "image are in [0, 1].",
    )


def _picture() -> Array:
    """Return the roof as grey values in [0, 1], shape ``(h, w)``: means of 2 x 2 pixels."""
    from sklearn.datasets import load_sample_image

    (top, left), (height, width) = _CORNER, _SHAPE
    detail = load_sample_image("china.jpg")[top : top + 2 * height, left : left + 2 * width]
    return detail.reshape(height, 2, width, 2, 3).mean(axis=(1, 3, 4)) / 255
