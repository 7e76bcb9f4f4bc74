"""Explorers: pictures with controls, for notebooks with the extra ``notebooks``; no numerics."""

from breglab.plotting.explorers._explorer import Explorer
from breglab.plotting.explorers.bregman_distance import bregman_distance
from breglab.plotting.explorers.claim_margin import claim_margin
from breglab.plotting.explorers.inverse_scale_space import inverse_scale_space
from breglab.plotting.explorers.network_support import network_support
from breglab.plotting.explorers.step_bound import step_bound

__all__ = [
    "Explorer",
    "bregman_distance",
    "claim_margin",
    "inverse_scale_space",
    "network_support",
    "step_bound",
]
