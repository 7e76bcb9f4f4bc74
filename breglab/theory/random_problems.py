"""Many random problems at once, each with one step of linearized Bregman iterations.

A problem is a vector of real parameters, all of which may take any value, so that an optimiser
can move it freely: data of the loss, dual variable, constants, step size and noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from breglab._checks import Values
from breglab.geometry import L1, Box, GroupL12, Nuclear, SquaredNorm, Zero
from breglab.theory.one_step import Inequality, OneStep

ATOMS = 3
"""Number of equally likely values of the noise."""

_SHARP = 6.0  # parameters beyond this size change nothing: exp and sigmoid stay in range

Nu = Callable[[Values, Values, Values, Values], Values]
"""A function of theta*, mu, delta and lam."""


@dataclass(frozen=True)
class Family:
    """A functional lam J with the weight lam free: one for each problem.

    Attributes
    ----------
    size : int
        Number of unknowns.
    value : function of theta, shape (..., n)
        J for lam = 1.
    prox : function of x, shape (..., n), and step, shape (...)
        The prox of step J.
    nu : function of theta*, mu, delta and lam, or None
        The constant of (3.7) at the minimiser; None where none is known.
    """

    size: int
    value: Callable[[Values], Values]
    prox: Callable[[Values, Values], Values]
    nu: Nu | None = None


def _one_homogeneous(J: L1 | GroupL12 | Nuclear, shape: tuple[int, ...]) -> tuple[
    Callable[[Values], Values], Callable[[Values, Values], Values]
]:  # fmt: skip
    """Return value and prox; prox_{s J}(x) = s prox_J(x/s) for positively 1-homogeneous J."""

    def value(x: Values) -> Values:
        return np.asarray(J.value(x.reshape(*x.shape[:-1], *shape)))

    def prox(x: Values, step: Values) -> Values:
        scaled = (x / step[..., None]).reshape(*x.shape[:-1], *shape)
        return np.asarray(step[..., None] * J.prox(scaled).reshape(x.shape))

    return value, prox


def _group_nu(norms: Callable[[Values], Values], weights: Values) -> Nu:
    """Return nu for a weighted sum of the norms of groups; those that vanish do not count."""

    def nu(star: Values, mu: Values, delta: Values, lam: Values) -> Values:
        sizes = norms(star)
        largest = np.max(weights / np.where(sizes > 0, sizes, np.inf), axis=-1)
        return np.asarray(mu * delta / (1.0 + 4.0 * delta * lam * largest))

    return nu


_GROUPS = GroupL12([[0, 1], [2]])
_BOX = Box(-0.5, 1.0)

FAMILIES: dict[str, Family] = {
    "zero": Family(3, Zero().value, lambda x, s: x, lambda star, mu, delta, lam: mu * delta),
    "l1": Family(3, *_one_homogeneous(L1(), (3,)), _group_nu(np.abs, np.ones(3))),
    "group": Family(3, *_one_homogeneous(_GROUPS, (3,)), _group_nu(
        lambda x: np.stack([np.hypot(x[..., 0], x[..., 1]), np.abs(x[..., 2])], axis=-1),
        np.sqrt([2.0, 1.0]))),
    "box": Family(3, _BOX.value, lambda x, s: np.asarray(_BOX.prox(x))),
    "nuclear": Family(4, *_one_homogeneous(Nuclear(), (2, 2))),
    "quadratic": Family(3, SquaredNorm().value, lambda x, s: x / (1.0 + s[..., None]),
                        lambda star, mu, delta, lam: mu / (1.0 / delta + lam)),
}  # fmt: skip
"""The functionals that are tried."""


def dimension(family: Family) -> int:
    """Return the number of parameters of a problem."""
    n = family.size
    # As `draw_step` reads them: a basis, four vectors, six numbers, and the noise.
    return n * n + 4 * n + 6 + ATOMS * n


def _sigmoid(x: Values) -> Values:
    return np.asarray(0.5 * (1.0 + np.tanh(x)))


class _Reader:
    """Hands out the columns of the parameters one block after the other."""

    def __init__(self, raw: Values) -> None:
        self._raw, self._at = np.clip(raw, -_SHARP, _SHARP), 0

    def take(self, *shape: int) -> Values:
        width = int(np.prod(shape))
        block = self._raw[:, self._at : self._at + width]
        self._at += width
        return block.reshape(-1, *shape)

    def number(self) -> Values:
        return self.take(1)[:, 0]


@dataclass(frozen=True)
class _Loss:
    """Separable in a rotated basis, second derivatives between `low` and `high`; batched.

    f(s) = low s^2/2 + (high - low) (w s^2/2 + (1 - w) (sqrt(1 + s^2) - 1)).
    """

    basis: Values
    center: Values
    low: Values
    high: Values
    w: Values

    def at(self, theta: Values) -> tuple[Values, Values]:
        """Return values and gradients for theta of shape (..., problems, n)."""
        s = np.einsum("...pi,pij->...pj", theta - self.center, self.basis)
        root = np.sqrt(1.0 + s * s)
        extra = self.high - self.low
        value = self.low * s * s / 2.0
        value = value + extra * s * s * (self.w / 2.0 + (1.0 - self.w) / (1.0 + root))
        slope = s * (self.low + extra * (self.w + (1.0 - self.w) / root))
        return np.sum(value, axis=-1), np.einsum("...pj,pij->...pi", slope, self.basis)


def draw_step(
    raw: Values,
    family: Family,
    inequality: Inequality,
    *,
    reach: float | None = None,
    biased: bool = False,
) -> tuple[OneStep, Values]:
    """Turn parameters into problems, make one step of each, and return it with its size.

    Parameters
    ----------
    raw : array, shape (problems, `dimension` (family))
        Parameters.
    family : Family
        The functional.
    inequality : Inequality
        Its hypotheses decide on convexity, on the noise and on the range of the step.
    reach : float, optional
        Largest relative step in the place of that of the inequality.
    biased : bool
        Whether the noise may have a mean.

    Returns
    -------
    OneStep, array of shape (problems,)
        All expectations, and the size of the terms that distances and losses are differences of.
    """
    read, n = _Reader(raw), family.size
    basis = np.linalg.qr(read.take(n, n) + 1e-3 * np.eye(n))[0]
    spectrum, w = read.take(n), _sigmoid(read.take(n))
    v, offset, apart = read.take(n), read.take(n), np.exp(read.number())
    delta, lam = np.exp(read.number() / 2.0), np.exp(read.number() / 2.0)
    L, louder = np.exp(read.number() / 2.0), np.exp(read.number())
    share = _sigmoid(read.number())
    high = _sigmoid(spectrum) if inequality.convex else np.tanh(spectrum)
    high[:, 0] = 1.0  # L is attained
    low = np.min(high, axis=-1, keepdims=True)
    step = delta * lam
    theta = family.prox(delta[:, None] * v, step)
    # Near in the dual variable, so that theta* shares structure with theta, and may equal it.
    star = family.prox(delta[:, None] * (v + apart[:, None] * offset / 10.0), step)
    loss = _Loss(basis, star, L[:, None] * low, L[:, None] * high, w)
    mu = L * low[:, 0]
    noise = _noise(read.take(ATOMS, n), louder, inequality, biased)
    limit = np.asarray(inequality.reach(mu / L)) if reach is None else np.full_like(L, reach)
    tau = (inequality.start + (limit - inequality.start) * share) / (delta * L)
    constants = (tau, delta, lam, L, np.maximum(mu, 0.0))
    return _measure(family, loss, noise, theta, v, constants)


def _noise(atoms: Values, louder: Values, inequality: Inequality, biased: bool) -> Values:
    """Return the noise, shape (ATOMS, problems, n)."""
    if inequality.deterministic:
        return np.zeros((1, *atoms.shape[::2]))
    centred = atoms if biased else atoms - np.mean(atoms, axis=1, keepdims=True)
    return np.moveaxis(louder[:, None, None] * centred, 1, 0)


def _measure(
    family: Family, loss: _Loss, noise: Values, theta: Values, v: Values,
    constants: tuple[Values, Values, Values, Values, Values],
) -> tuple[OneStep, Values]:  # fmt: skip
    tau, delta, lam, L, mu = constants
    star = loss.center

    def square(x: Values) -> Values:
        return np.asarray(np.sum(x * x, axis=-1))

    def inner(x: Values, y: Values) -> Values:
        return np.asarray(np.sum(x * y, axis=-1))

    def bregman(to: Values, at: Values, p: Values) -> Values:
        return np.asarray(lam * (family.value(to) - family.value(at)) - inner(p, to - at))

    nu = np.full_like(mu, np.nan) if family.nu is None else family.nu(star, mu, delta, lam)
    value, slope = loss.at(theta)
    g = slope + noise
    after = v - tau[:, None] * g
    new = family.prox(delta[:, None] * after, np.broadcast_to(delta * lam, after.shape[:-1]))
    p, q = v - theta / delta[:, None], after - new / delta[:, None]
    value_next = loss.at(new)[0]
    step = OneStep(
        tau=tau, delta=delta, L=L, mu=mu, nu=nu,
        sigma=np.sqrt(np.mean(square(noise), axis=0)),
        loss=value, loss_next=np.mean(value_next, axis=0), lowest=0.0 * value,
        slope2=square(slope), g2=np.mean(square(g), axis=0),
        increment2=np.mean(square(new - theta), axis=0), turn2=np.mean(square(q - p), axis=0),
        dsym=np.mean(inner(q - p, new - theta), axis=0),
        forward=np.mean(bregman(new, theta, p), axis=0),
        backward=np.mean(bregman(theta, new, q) + square(theta - new) / (2.0 * delta), axis=0),
        error2=square(star - theta), error2_next=np.mean(square(star - new), axis=0),
        distance=bregman(star, theta, p) + square(star - theta) / (2.0 * delta),
        distance_next=np.mean(
            bregman(star, new, q) + square(star - new) / (2.0 * delta), axis=0
        ),
    )  # fmt: skip
    largest = np.max(square(new) + square(new - star), axis=0) + square(theta) + square(star)
    duals = square(v) + np.max(square(after), axis=0)
    return step, largest / delta + delta * duals + L * largest
