"""ROF denoising of images with a certified gap, and of signals exactly."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from breglab._brief import Brief
from breglab._checks import Array, count, positive, real_array, scalar
from breglab.geometry import TotalVariation1D

_LOOK = 10
"""Iterations from one look at the gap to the next."""


@dataclass(frozen=True, eq=False, repr=False)
class Denoised(Brief):
    """A minimiser of ``TV(u) + lam |u - f|^2/2``, with what is proved about it.

    Attributes
    ----------
    image : array, shape of f
        ``u = f - D^T z/lam``.
    field : array, shape (d, *f.shape)
        The dual field z on the edges, one component for each of the d axes, zero beyond the last
        pixel; |z| <= 1.
    objective : float
        The value at u.
    gap : float
        ``TV(u) - <D u, z> + lam |u - f + D^T z/lam|^2/2``, the duality gap, relative to the
        objective; the last term is rounding. No image has a smaller value than
        ``objective (1 - gap)``, and |u - minimiser|^2 <= 2 gap objective/lam.
    iterations : int
        0 where the minimiser was computed directly.
    certified : bool
        Whether the gap is at most the tolerance asked for.

    Notes
    -----
    Rudin, Osher and Fatemi, Physica D 60 (1992).
    """

    image: Array
    field: Array
    objective: float
    gap: float
    iterations: int
    certified: bool


def rof(
    f: Any,
    lam: float,
    *,
    isotropic: bool = True,
    tol: float = 1e-6,
    start: Array | None = None,
    max_iterations: int = 100_000,
    time_limit: float | None = None,
) -> Denoised:
    """Return the minimiser of ``TV(u) + lam |u - f|^2/2``.

    TV sums |D u| over the pixels, D u the differences to the next pixel along each axis and |.|
    the Euclidean norm (isotropic) or the sum of the absolute values (anisotropic).

    Parameters
    ----------
    f : array, shape (n,) or (h, w)
        Noisy signal or image.
    lam : float
        Weight of the fit, > 0.
    isotropic : bool
        Which total variation of an image; for a signal they are the same.
    tol : float
        Relative duality gap at which to stop.
    start : array, shape (2, h, w), optional
        Dual field of a similar image: a warm start.
    max_iterations : int
        Of an image.
    time_limit : float, optional
        Seconds.

    Returns
    -------
    Denoised
        A signal's minimiser is exact, by dynamic programming. An image's is found on the dual by
        accelerated projected gradients with restart; an interrupted computation (Ctrl-C) returns
        the last iterate with its gap.

    Raises
    ------
    TypeError, ValueError
        If f is not a finite real array of one or two axes, or another argument is out of its
        range.

    Notes
    -----
    L. Rudin, S. Osher, E. Fatemi, Nonlinear total variation based noise removal algorithms,
    Physica D 60 (1992). A. Beck, M. Teboulle, Fast gradient-based algorithms for constrained total
    variation image denoising problems, IEEE Trans. Image Process. 18 (2009), with the restart of
    O'Donoghue and Candes (Found. Comput. Math. 15, 2015).

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.solvers import rof
    >>> rof(np.array([0.0, 0.0, 3.0, 3.0]), 2.0).image
    array([0.25, 0.25, 2.75, 2.75])
    """
    real_array(f, "f")
    if f.ndim > 2:
        raise ValueError(f"f must be a signal or an image, got shape {f.shape}")
    f, lam = np.asarray(f, dtype=np.float64), positive(lam, "lam")
    scalar(tol, "tol", low=0.0, high=1.0, open_low=True, open_high=True)
    most = count(max_iterations, "max_iterations")
    seconds = math.inf if time_limit is None else positive(time_limit, "time_limit")
    if f.ndim == 1:
        return _signal(f, lam, tol)
    if start is not None:
        if np.shape(start) != (2, *f.shape):
            raise ValueError(f"start must have shape {(2, *f.shape)}, got {np.shape(start)}")
        if not np.isfinite(start).all():
            raise ValueError("start must be finite, got NaN or inf")
    return _Ascent(f, lam, isotropic, start).run(tol, most, time.perf_counter() + seconds)


def _signal(f: Array, lam: float, tol: float) -> Denoised:
    u = TotalVariation1D().prox(f, 1.0 / lam)
    field = np.zeros((1, len(f)))
    # D^T z = lam (f - u), and (D^T z)_i = z_i-1 - z_i.
    field[0, :-1] = np.clip(-np.cumsum(lam * (f - u))[:-1], -1.0, 1.0)
    jumps = np.diff(u)
    variation = float(np.sum(np.abs(jumps)))
    objective = variation + lam / 2.0 * float(np.sum((u - f) ** 2))
    error = u - f - np.diff(field[0], prepend=0.0) / lam
    gap = variation - float(jumps @ field[0, :-1]) + lam / 2.0 * float(np.sum(error**2))
    gap = _relative(gap, objective)
    return Denoised(u, field, objective, gap, 0, gap <= tol)


def _relative(gap: float, objective: float) -> float:
    """Return the gap relative to the objective; inf where that leaves the range of the numbers."""
    return max(gap, 0.0) / (objective or 1.0) if math.isfinite(objective) else math.inf


class _Ascent:
    """Accelerated projected gradients on ``min_z |D^T z - lam f|^2/(2 lam)``, |z| <= 1."""

    def __init__(self, f: Array, lam: float, isotropic: bool, start: Array | None) -> None:
        self.f, self.lam, self.isotropic = f, lam, isotropic
        # What u = f - D^T z/lam is rounded by, twice, weighs as much in the objective.
        self.rounding = 2.0 * lam * float(np.sum((np.finfo(np.float64).eps * f) ** 2))
        self.z = np.zeros((2, *f.shape)) if start is None else np.array(start, dtype=np.float64)
        self.z[0, -1], self.z[1, :, -1] = 0.0, 0.0
        self._project(self.z)
        self.slope = np.zeros_like(self.z)
        self.image = np.empty_like(f)

    def run(self, tol: float, most: int, deadline: float) -> Denoised:
        z, ahead, weight, k = self.z, self.z.copy(), 1.0, 0
        objective, gap = self._gap(z)
        try:
            while gap > tol and k < most and time.perf_counter() <= deadline:
                for _ in range(min(_LOOK, most - k)):
                    k += 1
                    # |D|^2 <= 8 in two dimensions.
                    new = ahead + self.lam / 8.0 * self._differences(self._image(ahead))
                    self._project(new)
                    step = new - z
                    if np.vdot(ahead - new, step) > 0.0:
                        weight = 1.0
                    larger = (1.0 + math.sqrt(1.0 + 4.0 * weight * weight)) / 2.0
                    ahead = new + (weight - 1.0) / larger * step
                    z, weight = new, larger
                objective, gap = self._gap(z)
        except KeyboardInterrupt:
            objective, gap = self._gap(z)
        return Denoised(self._image(z).copy(), z, objective, gap, k, gap <= tol)

    def _gap(self, z: Array) -> tuple[float, float]:
        u = self._image(z)
        slope = self._differences(u)
        sizes = np.hypot(*slope) if self.isotropic else np.abs(slope)
        variation = float(np.sum(sizes))
        objective = variation + self.lam / 2.0 * float(np.sum((u - self.f) ** 2))
        gap = max(variation - float(np.vdot(slope, z)), 0.0) + self.rounding
        return objective, _relative(gap, objective)

    def _image(self, z: Array) -> Array:
        """Return u = f - D^T z/lam; overwritten by the next call."""
        u = self.image
        np.add(z[0], z[1], out=u)
        u[1:] -= z[0, :-1]
        u[:, 1:] -= z[1, :, :-1]
        u /= self.lam
        u += self.f
        return u

    def _differences(self, u: Array) -> Array:
        """Return D u; overwritten by the next call."""
        np.subtract(u[1:], u[:-1], out=self.slope[0, :-1])
        np.subtract(u[:, 1:], u[:, :-1], out=self.slope[1, :, :-1])
        return self.slope

    def _project(self, z: Array) -> None:
        if self.isotropic:
            size = np.sqrt(z[0] ** 2 + z[1] ** 2)
            z /= np.maximum(size, 1.0, out=size)
        else:
            np.clip(z, -1.0, 1.0, out=z)
