"""Worst cases by semidefinite programming: the exact constants behind the theorems.

Performance estimation: the worst case of a bound over all losses, all mirror maps and all
dimensions is a small semidefinite program in the Gram matrix of the points that a proof would
speak of, and the multipliers of its solution are the proof (`breglab.theory.certificates` makes
them exact). The programs are written with PEPit, an optional dependency (extra ``theory``) that
is imported on the first call.
"""

from breglab.theory.worst_case.bregman_rate import bregman_rate, printed_factor, sharp_factor
from breglab.theory.worst_case.contraction import Contraction, contraction_factors
from breglab.theory.worst_case.convex_rate import convex_rate
from breglab.theory.worst_case.distance_decay import decay_rate, distance_decay
from breglab.theory.worst_case.loss_decay import loss_decay
from breglab.theory.worst_case.momentum import momentum_increase
from breglab.theory.worst_case.noise_term import noise_term
from breglab.theory.worst_case.norm_decay import norm_decay, norm_decay_range
from breglab.theory.worst_case.result import WorstCase
from breglab.theory.worst_case.saved import (
    SavedCurves,
    SavedNumber,
    SavedWorstCases,
    load_worst_cases,
    recompute,
)
from breglab.theory.worst_case.several_steps import SeveralSteps, several_steps
from breglab.theory.worst_case.table import GROUPS

__all__ = [
    "GROUPS",
    "Contraction",
    "SavedCurves",
    "SavedNumber",
    "SavedWorstCases",
    "SeveralSteps",
    "WorstCase",
    "bregman_rate",
    "contraction_factors",
    "convex_rate",
    "decay_rate",
    "distance_decay",
    "load_worst_cases",
    "loss_decay",
    "momentum_increase",
    "noise_term",
    "norm_decay",
    "norm_decay_range",
    "printed_factor",
    "recompute",
    "several_steps",
    "sharp_factor",
]
