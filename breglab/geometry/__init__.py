"""Functionals, mirror maps and the distances that they make.

Functionals J (value, prox, subgradient, conjugate, Bregman distance), one in a file:

- `Functional`: what they all are;
- `Zero`: 0;
- `L1`: lam |x|_1;
- `NonNegativeL1`: the same on x >= 0;
- `GroupL12`: lam sum_g sqrt(n_g) |x_g|_2 over disjoint groups;
- `Layout`: groups named by where they lie in a tensor (rows, kernels, heads, ...);
- `SparseGroup`: the sum of the two norms;
- `Nuclear`: the sum of the singular values of a matrix;
- `Box`: the indicator of bounds;
- `SquaredNorm`: a |x|_2^2 / 2;
- `TotalVariation1D`: lam sum_i |x_{i+1} - x_i|;
- `ConvexGraph`: a function of one variable drawn through points, for teaching; no `Functional`.

Mirror maps phi (value, to_dual, to_primal, conjugate, divergence):

- `MirrorMap`: what they all are;
- `Euclidean`: |theta|^2 / 2;
- `ElasticNet`: J(theta) + |theta|^2 / (2 delta), the one of linearized Bregman iterations;
- `Entropy`: sum theta log theta, on the simplex or the orthant;
- `PNorm`: |theta|_p^2 / 2;
- `Hypentropy`: the hyperbolic entropy.
"""

from __future__ import annotations

from breglab.geometry.box import Box
from breglab.geometry.convex_graph import ConvexGraph
from breglab.geometry.elastic_net import ElasticNet
from breglab.geometry.entropy import Entropy
from breglab.geometry.euclidean import Euclidean
from breglab.geometry.functional import Functional
from breglab.geometry.group_l12 import GroupL12
from breglab.geometry.hypentropy import Hypentropy
from breglab.geometry.l1 import L1
from breglab.geometry.layout import Layout
from breglab.geometry.mirror_map import MirrorMap
from breglab.geometry.nonnegative_l1 import NonNegativeL1
from breglab.geometry.nuclear import Nuclear
from breglab.geometry.p_norm import PNorm
from breglab.geometry.sparse_group import SparseGroup
from breglab.geometry.squared_norm import SquaredNorm
from breglab.geometry.total_variation import TotalVariation1D
from breglab.geometry.zero import Zero

__all__ = [
    "L1",
    "Box",
    "ConvexGraph",
    "ElasticNet",
    "Entropy",
    "Euclidean",
    "Functional",
    "GroupL12",
    "Hypentropy",
    "Layout",
    "MirrorMap",
    "NonNegativeL1",
    "Nuclear",
    "PNorm",
    "SparseGroup",
    "SquaredNorm",
    "TotalVariation1D",
    "Zero",
]
