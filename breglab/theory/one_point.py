"""Strong Bregman convexity (3.7) at the minimiser alone, with explicit constants."""

from __future__ import annotations

import math

import numpy as np

from breglab.geometry import L1, ElasticNet, GroupL12, Zero
from breglab.theory.instance import Instance


def one_point_nu(instance: Instance) -> float:
    """Return nu > 0 with ``L(theta*) >= L + <grad L, theta* - theta> + nu D(theta*, theta)``.

    Assumption 5 at ``theta* `` alone, for all theta and all subgradients: ``nu = mu delta`` for
    J = 0, ``mu delta/(1 + 4 w delta/min|theta*_g|)`` for group norms of weight w = lam sqrt(n_g),
    the minimum over the groups of theta* that are not zero (l1: groups of one). NaN where no such
    constant is known.
    """
    phi, mu = instance.phi, instance.loss.strong_convexity
    star = np.asarray(instance.theta_star)
    if not isinstance(phi, ElasticNet) or not isinstance(phi.J, Zero | L1 | GroupL12):
        return math.nan
    worst = 0.0
    if isinstance(phi.J, L1):
        sizes = np.abs(star[star != 0])
        worst = float(np.max(phi.J.lam / sizes, initial=0.0))
    elif isinstance(phi.J, GroupL12):
        for group in phi.J.groups:
            norm = float(np.linalg.norm(star[list(group)]))
            weight = phi.J.lam * math.sqrt(len(group))
            worst = max(worst, weight / norm if norm > 0 else 0.0)
    return mu * phi.delta / (1.0 + 4.0 * phi.delta * worst)
