"""Losses with their exact constants, gradient noise, operators and named problem instances."""

from __future__ import annotations

from breglab.problems.designs import (
    PartialCosine,
    binary_design,
    correlated_design,
    duplicated_design,
    rank_deficient_design,
    scaled_design,
)
from breglab.problems.finite_noise import FiniteNoise
from breglab.problems.finite_sum import FiniteSum
from breglab.problems.gaussian_noise import GaussianNoise
from breglab.problems.huber import Huber
from breglab.problems.instances import load, names
from breglab.problems.least_squares import LeastSquares
from breglab.problems.logistic import Logistic
from breglab.problems.loss import Loss
from breglab.problems.minibatch import MiniBatch
from breglab.problems.operators import CosineSynthesis, SubsampledTransform
from breglab.problems.oracle import Exact, NotEnumerable, Oracle
from breglab.problems.phase_transition import statistical_dimension
from breglab.problems.problem import Problem
from breglab.problems.quadratic import Quadratic
from breglab.problems.recovery import AMPLITUDES, DESIGNS, Recovery, sparse_recovery, sparse_vector

__all__ = [
    "AMPLITUDES",
    "DESIGNS",
    "CosineSynthesis",
    "Exact",
    "FiniteNoise",
    "FiniteSum",
    "GaussianNoise",
    "Huber",
    "LeastSquares",
    "Logistic",
    "Loss",
    "MiniBatch",
    "NotEnumerable",
    "Oracle",
    "PartialCosine",
    "Problem",
    "Quadratic",
    "Recovery",
    "SubsampledTransform",
    "binary_design",
    "correlated_design",
    "duplicated_design",
    "load",
    "names",
    "rank_deficient_design",
    "scaled_design",
    "sparse_recovery",
    "sparse_vector",
    "statistical_dimension",
]
