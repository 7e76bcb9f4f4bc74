"""Inverse scale space, moment by moment: a sparse vector, a signal or an image that appears."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from breglab.plotting.explorers._explorer import Explorer
from breglab.plotting.pictures import reconstructions
from breglab.plotting.snapshots import snapshot
from breglab.solvers import DenoisedSequence, Path


def inverse_scale_space(
    source: Path | DenoisedSequence,
    *,
    truth: Any = None,
    synthesis: Callable[[Any], Any] | None = None,
    line: bool = False,
) -> Explorer:
    """Explore an inverse scale space in its time.

    Parameters
    ----------
    source : Path or DenoisedSequence
        An exact path of the l1 norm, or Bregman iterates of the total variation: signals of shape
        (n,), images of shape (h, w).
    truth : array, shape of what is drawn, optional
        Drawn with it.
    synthesis : function, optional
        Turns u, shape (n,), into what is drawn: an image from its coefficients.
    line : bool
        Whether a vector is a signal, whose neighbours are joined; that of a sequence always is.

    Returns
    -------
    Explorer
        A control ``moment``: of a path which breakpoint, of a sequence which step.

    Raises
    ------
    TypeError
        If the source is of another type.
    ValueError
        If truth has another shape than what is drawn.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.plotting.explorers import inverse_scale_space
    >>> from breglab.solvers import inverse_scale_space_path
    >>> path = inverse_scale_space_path(np.eye(3), np.array([3.0, 0.0, 1.0]))
    >>> explorer = inverse_scale_space(path)
    >>> explorer.controls["moment"].max
    2
    """
    if isinstance(source, Path):
        moments, what = _of_path(source, synthesis), "breakpoint"
    elif isinstance(source, DenoisedSequence):
        moments, what, line = _of_sequence(source, synthesis), "step", True
    else:
        raise TypeError(f"source must be a Path or a DenoisedSequence, got {source!r}")
    last = len(moments) - 1

    def draw(moment: int) -> Figure:
        u, title = moments[moment]()
        if np.ndim(u) != 2:
            return snapshot(u, title, truth=truth, line=line)
        if truth is not None and np.shape(truth) != np.shape(u):
            raise ValueError(f"truth must have shape {np.shape(u)}, got {np.shape(truth)}")
        images = [u] if truth is None else [u, truth]
        return reconstructions(images, [title, "truth"][: len(images)], columns=len(images))

    draw(last)  # the arguments are wrong, or every moment can be drawn
    slider = ipywidgets.IntSlider(
        value=last // 2, min=0, max=last, description=what, continuous_update=False
    )
    return Explorer(draw, {"moment": slider}, "What inverse scale space has found at one time")


_Moment = Callable[[], tuple[Any, str]]


def _of_path(path: Path, synthesis: Callable[[Any], Any] | None) -> list[_Moment]:
    u = path.primal.tocsr()

    def moment(k: int) -> tuple[Any, str]:
        row = u[[k]].toarray()[0]
        count = int(np.count_nonzero(row))
        entries = "entry" if count == 1 else "entries"
        title = f"t = {path.times[k]:.3g}: {count} non-zero {entries}"
        return (row if synthesis is None else synthesis(row)), title

    return [partial(moment, k) for k in range(len(path.times))]


def _of_sequence(
    sequence: DenoisedSequence, synthesis: Callable[[Any], Any] | None
) -> list[_Moment]:
    def moment(k: int) -> tuple[Any, str]:
        u = sequence.images[k]
        title = f"step {k + 1}: |u − f| = {sequence.residuals[k]:.3g}"
        return (u if synthesis is None else synthesis(u)), title

    return [partial(moment, k) for k in range(len(sequence.images))]
