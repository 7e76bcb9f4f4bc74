"""The moving picture of the front page, from an exact path."""

from __future__ import annotations

from breglab.plotting import growing_path
from breglab.problems import sparse_recovery
from breglab.solvers import inverse_scale_space_path


def pages() -> dict[str, str]:
    """Return the picture as a piece of HTML."""
    made = sparse_recovery("gaussian", 60, 150, 8, seed=1)
    path = inverse_scale_space_path(made.A, made.b)
    return {"front.html": f'<div class="front-picture">{growing_path(path)}</div>\n'}
