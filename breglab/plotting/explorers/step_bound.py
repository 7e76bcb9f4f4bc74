"""delta and tau against the bound on the step."""

from __future__ import annotations

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from breglab._checks import positive
from breglab.geometry import L1, ElasticNet
from breglab.iteration import relative_step, run
from breglab.plotting.explorers._explorer import Explorer, field, number
from breglab.plotting.losses import descent_in_plane, plane_window
from breglab.problems import Loss, Quadratic

_STEPS = 30
_LEAST = 1e-6
"""Of delta and tau: with less nothing moves on the drawing."""
_WIDEST = 1e3
"""Where a diverging walk leaves the drawing, unless it starts farther out."""


def step_bound(
    loss: Loss | None = None, *, lam: float = 0.5, start: tuple[float, float] = (-3.0, 1.0)
) -> Explorer:
    """Explore a linearized Bregman iteration in two unknowns as delta and tau change.

    Parameters
    ----------
    loss : Loss, optional
        Of two unknowns; a quadratic one with L = 2, mu = 1/2 unless given.
    lam : float
        Weight of the l1 norm, >= 0.
    start : pair of floats
        theta^0.

    Returns
    -------
    Explorer
        Controls ``delta``, ``tau`` and ``beyond``: a step of 2/(delta L) or more is refused, with
        a sentence that says so, unless `beyond` asks for it.

    Raises
    ------
    ValueError
        If the loss has not two unknowns, lam is negative, or the start is not two finite numbers.

    Notes
    -----
    Theorem 2 of Bungert, Roith, Tenbrinck and Burger, JMLR 23 (2022), with ``tau < 2/(delta L)``.

    Examples
    --------
    >>> from breglab.plotting.explorers import step_bound
    >>> explorer = step_bound()
    >>> explorer.controls["tau"].value = "1.5"
    >>> explorer.sentence
    'τ = 1.5 is not below the bound 2/(δL) = 1: tick "beyond the bound" to see what happens.'
    """
    if loss is None:
        loss = Quadratic(np.array([[1.25, 0.75], [0.75, 1.25]]), np.array([1.0, 2.0]))
    if loss.size != 2:
        raise ValueError(f"loss must have 2 unknowns, got {loss.size}")
    theta0 = np.array(start, dtype=np.float64)
    if theta0.shape != (2,) or not np.all(np.isfinite(theta0)):
        raise ValueError(f"start must be two finite numbers, got {start!r}")
    followed, J = loss, L1(lam)
    farthest = max(_WIDEST, float(np.max(np.abs(theta0))))

    def draw(delta: str, tau: str, beyond: bool) -> Figure:
        phi = ElasticNet(J, _positive(delta, "δ"))
        step = _positive(tau, "τ")
        bound = relative_step(followed, phi, 2.0).tau
        if step >= bound and not beyond:
            raise ValueError(
                f"τ = {step:g} is not below the bound 2/(δL) = {bound:g}: "
                'tick "beyond the bound" to see what happens.'
            )
        trace = run(
            followed, phi, step_size=step, theta0=theta0, stop=_STEPS,
            record=("loss", "primal"), unsafe=beyond,
        )  # fmt: skip
        walk = trace["primal"]
        walk = walk[np.max(np.abs(walk), axis=-1) <= farthest]
        x, y = plane_window(walk)
        grid = np.stack(np.meshgrid(x, y), axis=-1)
        title = f"τ is {100.0 * step / bound:.3g} % of 2/(δL) = {bound:.3g}"
        return descent_in_plane(x, y, followed.value(grid), walk, title)

    controls = {
        "delta": field("1", "δ"),
        "tau": field("0.4", "τ"),
        "beyond": ipywidgets.Checkbox(value=False, description="beyond the bound"),
    }
    return Explorer(draw, controls, "Iterates on the contours of their loss")


def _positive(text: str, name: str) -> float:
    value = positive(number(text, name), name)
    if value < _LEAST:
        raise ValueError(f"{name} must be at least {_LEAST:g} to be drawn: got {value:g}.")
    return value
