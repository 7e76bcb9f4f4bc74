"""Frozen steps: the update rule on the support alone, between two full steps.

A full step decides which entries are not zero. A frozen step moves those alone, and everything
else rests: zeros, their dual variables, and what a rule remembers of them. It is the ordinary step
of the loss restricted to the support, a block-coordinate or multilevel Bregman step, and it costs
what the support costs.
"""

from __future__ import annotations

import array_api_compat

from breglab._checks import Array, Scalar
from breglab.geometry import MirrorMap
from breglab.iteration.rules import Rule, State, step


def frozen_step(
    state: State, g: Array, tau: Scalar, phi: MirrorMap, rule: Rule, support: Array
) -> State:
    """Return the next state when all entries rest but those of a support.

    Parameters
    ----------
    state : State
        Current iterate.
    g : array, shape (..., n)
        Gradient of the loss at ``state.theta``; it is read on the support alone.
    tau : float or array, shape (..., 1)
        Step size, as in `step`.
    phi : MirrorMap
        Mirror map. It must act on the support as if the rest was not there: so do elastic nets of
        norms of entries, and of groups that lie inside of the support or outside but for zeros.
    rule : Rule
        Direction of the step; its memory rests outside of the support.
    support : boolean array, shape (..., n)
        What moves: ``theta != 0`` at the last full step. An entry that becomes zero stays in it.

    Raises
    ------
    TypeError
        If the support is not boolean.
    ValueError
        If its shape is not that of theta.

    Notes
    -----
    The Bregman step on a block of coordinates; (2.8) for the restricted loss.
    """
    xp = array_api_compat.array_namespace(state.theta)
    if support.dtype != xp.bool:
        raise TypeError(f"support must be a boolean array, got dtype {support.dtype}")
    if support.shape != state.theta.shape:
        raise ValueError(
            f"support must have the shape of theta, {tuple(state.theta.shape)}, got "
            f"{tuple(support.shape)}"
        )
    moved = step(state, xp.where(support, g, xp.zeros_like(g)), tau, phi, rule)
    v = xp.where(support, moved.v, state.v)
    memory = tuple(
        xp.where(support, new, old) for new, old in zip(moved.memory, state.memory, strict=True)
    )
    return State(moved.k, phi.to_primal(v), v, memory, tau)
