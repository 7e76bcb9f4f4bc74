"""scikit-learn estimators: the paths of Bregman methods, and where to stop on them."""

from breglab.estimators.classifier import LinearizedBregmanClassifier
from breglab.estimators.cross_validated import (
    InverseScaleSpaceCV,
    LinearizedBregmanClassifierCV,
    LinearizedBregmanCV,
)
from breglab.estimators.inverse_scale_space import InverseScaleSpace
from breglab.estimators.linearized_bregman import LinearizedBregman

__all__ = [
    "InverseScaleSpace",
    "InverseScaleSpaceCV",
    "LinearizedBregman",
    "LinearizedBregmanCV",
    "LinearizedBregmanClassifier",
    "LinearizedBregmanClassifierCV",
]
