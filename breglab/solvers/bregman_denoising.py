"""The Bregman iteration of the total variation: ROF denoising, again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from breglab._brief import Brief
from breglab._checks import Array, count, nonnegative
from breglab.solvers._path_data import PathStatus
from breglab.solvers.rof import Denoised, rof


@dataclass(frozen=True, eq=False, repr=False)
class DenoisedSequence(Brief):
    """The iterates u_1, ..., u_K of a denoised signal or image.

    Attributes
    ----------
    images : array, shape (K, *f.shape)
        u_k: from the coarsest to the noisy f itself.
    subgradients : array, shape (K, *f.shape)
        p_k = lam (f_k - u_k), a subgradient of TV at u_k; f_k the data with the residuals added.
    residuals : array, shape (K,)
        |u_k - f|, decreasing.
    gaps : array, shape (K,)
        The relative duality gaps of the steps.
    certified : bool
        Whether all gaps are at most the tolerance asked for.
    status : PathStatus
        How it ended.

    Notes
    -----
    Osher, Burger, Goldfarb, Xu and Yin, Multiscale Model. Simul. 4 (2005).
    """

    images: Array
    subgradients: Array
    residuals: Array
    gaps: Array
    certified: bool
    status: PathStatus


def bregman_denoising(
    f: Any,
    lam: float,
    *,
    steps: int,
    sigma: float | None = None,
    isotropic: bool = True,
    tol: float = 1e-6,
) -> DenoisedSequence:
    """Return Bregman iterates of the total variation, which give back the contrast that ROF takes.

    From u_0 = 0, p_0 = 0,

        u_k+1 = argmin TV(u) - <p_k, u> + lam |u - f|^2/2,
        p_k+1 = p_k + lam (f - u_k+1):

    ROF denoising of f with the residuals of the steps before added to it.

    Parameters
    ----------
    f, isotropic, tol
        As in `breglab.solvers.rof`; tol holds for every step.
    lam : float
        Weight of the fit, > 0; the smaller, the slower and the finer the sequence.
    steps : int
        Number of steps, >= 1.
    sigma : float, optional
        Stop at the first step with ``|u - f| <= sigma``, the norm of the noise.

    Returns
    -------
    DenoisedSequence
        An interrupted computation (Ctrl-C) returns the steps that are complete.

    Raises
    ------
    TypeError, ValueError
        As in `breglab.solvers.rof`.

    Notes
    -----
    S. Osher, M. Burger, D. Goldfarb, J. Xu, W. Yin, An iterative regularization method for total
    variation-based image restoration, Multiscale Model. Simul. 4 (2005).

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.solvers import bregman_denoising
    >>> bregman_denoising(np.array([0.0, 0.0, 3.0, 3.0]), 2.0, steps=2).images
    array([[0.25, 0.25, 2.75, 2.75],
           [0.  , 0.  , 3.  , 3.  ]])
    """
    count(steps, "steps")
    least = -1.0 if sigma is None else nonnegative(sigma, "sigma")
    found: list[Denoised] = []
    residuals: list[float] = []
    removed, status = np.zeros(np.shape(f)), PathStatus.HORIZON
    try:
        for _ in range(steps):
            # The last field is a subgradient already: a warm start that gets better and better.
            start = found[-1].field if found and np.ndim(f) == 2 else None
            new = rof(f + removed, lam, isotropic=isotropic, tol=tol, start=start)
            removed = f + removed - new.image
            found.append(new)
            residuals.append(float(np.linalg.norm(new.image - f)))
            if residuals[-1] <= least:
                status = PathStatus.RESIDUAL
                break
    except KeyboardInterrupt:
        if not found:
            raise
        status = PathStatus.INTERRUPTED
    return DenoisedSequence(
        np.stack([one.image for one in found]),
        np.stack([_divergence(one.field) for one in found]),
        np.asarray(residuals),
        np.asarray([one.gap for one in found]),
        all(one.certified for one in found),
        status,
    )


def _divergence(field: Array) -> Array:
    """Return D^T z."""
    total = -np.sum(field, axis=0)
    for axis, component in enumerate(field):
        after = [slice(None)] * component.ndim
        before = [slice(None)] * component.ndim
        after[axis], before[axis] = slice(1, None), slice(None, -1)
        total[tuple(after)] += component[tuple(before)]
    return total
