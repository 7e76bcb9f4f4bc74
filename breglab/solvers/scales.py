"""The three scales on one time axis: inverse scale space and its implicit and explicit steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from breglab._checks import positive
from breglab.solvers._path_data import real_data
from breglab.solvers._squared_norm import squared_norm
from breglab.solvers.bregman_iteration import bregman_iteration
from breglab.solvers.inverse_scale_space import Path, inverse_scale_space_path
from breglab.solvers.iterates import Iterates
from breglab.solvers.linearized_bregman import linearized_bregman


@dataclass(frozen=True, eq=False)
class Scales:
    """Three ways along one time axis.

    Burger, Gilboa, Osher and Xu, Nonlinear inverse scale space methods, Commun. Math. Sci. 4
    (2006), for the flow and the Bregman iteration.

    Attributes
    ----------
    path : Path
        Inverse scale space, exactly.
    bregman : Iterates
        The Bregman iteration, its implicit Euler steps.
    linearized : Iterates
        Linearized Bregman iterations, explicit steps of the flow with a finite delta.
    """

    path: Path
    bregman: Iterates
    linearized: Iterates


def compare_scales(
    A: Any,
    b: Any,
    *,
    t_max: float,
    alpha: float | None = None,
    delta: float | None = None,
    tau: float | None = None,
) -> Scales:
    """Return inverse scale space, the Bregman iteration and linearized Bregman up to t_max.

    Parameters
    ----------
    A, b
        As in `breglab.solvers.inverse_scale_space_path`.
    t_max : float
        Common horizon, > 0.
    alpha : float, optional
        Step of the Bregman iteration; ``t_max/40`` unless given.
    delta : float, optional
        Of linearized Bregman; 10 times the largest entry of u on the path unless given.
    tau : float, optional
        Step of linearized Bregman; ``1/(delta |A|^2)`` unless given.

    Returns
    -------
    Scales

    Raises
    ------
    TypeError, ValueError
        As in `breglab.solvers.inverse_scale_space_path`; ValueError if linearized Bregman may
        diverge with that tau.

    Notes
    -----
    The flow: Burger, Gilboa, Osher and Xu, Commun. Math. Sci. 4 (2006). The iterations: Yin,
    Osher, Goldfarb and Darbon, SIAM J. Imaging Sci. 1 (2008).
    """
    made, b = real_data(A, b)
    path = inverse_scale_space_path(made, b, t_max=t_max)
    alpha = t_max / 40.0 if alpha is None else positive(alpha, "alpha")
    if delta is None:
        delta = 10.0 * float(np.max(np.abs(path.primal.data), initial=0.0)) or 1.0
    border = 2.0 / (positive(delta, "delta") * squared_norm(made))
    tau = border / 2.0 if tau is None else positive(tau, "tau")
    if tau >= border:
        raise ValueError(f"tau must be < 2/(delta |A|^2) = {border:.6g}, got {tau!r}")
    return Scales(
        path,
        bregman_iteration(made, b, alpha, steps=max(round(t_max / alpha), 1)),
        linearized_bregman(made, b, tau=tau, delta=delta, steps=max(round(t_max / tau), 1)),
    )
