"""The counterexample of a claim as a picture, where it has one or two unknowns."""

from __future__ import annotations

import contextlib
import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from itertools import zip_longest

import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from breglab._checks import Values
from breglab.plotting import (
    descent_in_plane,
    descent_on_line,
    line_window,
    plane_window,
    to_svg,
)
from breglab.report._sketches import sketch
from breglab.report.words import number
from breglab.theory import ClaimResult, Instance, Statement, execute

_LONGEST = 3000
"""Iterations that are made for a picture."""
_MOST_POINTS = 40
_FIRST = 12
"""Iterates that are all drawn; those that follow in even ratios of k."""
_FARTHEST = 8.0
"""Distance of the last iterate that is drawn, relative to the largest of the first two."""


@dataclass(frozen=True)
class ClaimPicture:
    """A drawing, and what one sees on it."""

    figure: Markup
    caption: str


@cache
def captions() -> dict[str, str | list[str]]:
    """Return what one sees on the picture of a claim, or on each of them, by its id."""
    text = resources.files("breglab.report").joinpath("captions.toml").read_text("utf-8")
    return tomllib.loads(text)


def claim_pictures(result: ClaimResult) -> list[ClaimPicture]:
    """Return the pictures of a claim: its negative instance, or a sketch of the counterexample.

    The negative instance is drawn if it has at most two unknowns; its run is repeated for it.
    """
    claim, found = result.claim, []
    # What goes wrong in a claim of one's own has its place in the verdict.
    with contextlib.suppress(Exception):
        if not isinstance(claim, Statement):
            found.append(_picture(claim.negative_instance()))
        found.append((sketch(claim), claim.title))
    known = captions().get(claim.id, [])
    texts = [known] if isinstance(known, str) else known
    drawn = [(figure, seen) for figure, seen in found if figure is not None]
    return [
        _finished(figure, text or seen, f"p{i}-{claim.id}")
        for i, ((figure, seen), text) in enumerate(zip_longest(drawn, texts[: len(drawn)]))
    ]


def _finished(figure: Figure, caption: str, prefix: str) -> ClaimPicture:
    label = f"Counterexample {prefix}: {caption}"
    return ClaimPicture(Markup(to_svg(figure, label=label, prefix=prefix)), caption)


def _picture(instance: Instance) -> tuple[Figure | None, str]:
    """Return the iterates on their loss, with a sentence; None for more than two unknowns."""
    loss = instance.loss
    if loss.size > 2:
        return None, ""
    short = replace(instance, iterations=min(instance.iterations, _LONGEST))
    theta = np.asarray(execute(short).theta)
    shown = theta[_drawn(theta, instance.theta_star)]
    star = None if instance.theta_star is None else np.asarray(instance.theta_star)
    points = shown if star is None else np.concatenate([shown, star[None]])
    title = instance.name.removeprefix("negative ")
    values = np.asarray(loss.value(shown))
    seen = f"{instance.title}: the loss is {number(values[0])} at first, then {number(values[1])}."
    if loss.size == 1:
        x = line_window(points[:, 0])
        graph = np.asarray(loss.value(x[:, None]))
        end = None if star is None else (float(star[0]), float(loss.value(star)))
        return descent_on_line(x, graph, shown[:, 0], values, title, end), seen
    x, y = plane_window(points)
    grid = np.stack(np.meshgrid(x, y), axis=-1)
    field = np.asarray(loss.value(grid))
    end = None if star is None else (float(star[0]), float(star[1]))
    return descent_in_plane(x, y, field, shown, title, end), seen


def _drawn(theta: Values, star: Values | None) -> Values:
    """Return which iterates are drawn: up to where they run away, and not all that stand still."""
    center = theta[0] if star is None else np.asarray(star)
    far = np.max(np.abs(theta - center), axis=-1)
    limit = _FARTHEST * float(np.max(far[:2])) or np.inf
    away = np.flatnonzero(far > limit)
    stop = int(away[0]) if len(away) else len(theta)
    if theta.shape[1] == 1 or far[stop - 1] > far[0] > 0:
        stop = min(stop, _FIRST)
    later = np.geomspace(_FIRST, max(stop - 1, _FIRST), _MOST_POINTS - _FIRST).round().astype(int)
    chosen = np.unique([*range(min(stop, _FIRST)), *later])
    return np.asarray(chosen[chosen < stop])
