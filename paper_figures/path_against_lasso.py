"""The inverse scale space path and the lasso path of the same noisy data, for the documentation.

usage: python paper_figures/path_against_lasso.py
"""

from __future__ import annotations

from pathlib import Path

from breglab._files import replaced
from breglab.plotting import against_lasso, to_png
from breglab.problems import sparse_recovery
from breglab.solvers import inverse_scale_space_path, lasso_path

RESULTS = Path(__file__).resolve().parent / "results"


def main() -> None:
    """Draw and save the figure."""
    made = sparse_recovery("gaussian", 60, 120, 6, amplitudes="gaussian", noise=0.1, seed=1)
    path = inverse_scale_space_path(made.A, made.b, sigma=0.7 * made.sigma)
    figure = against_lasso(path, lasso_path(made.A, made.b))
    with replaced(RESULTS / "inverse_scale_space_against_lasso.png") as file:
        file.write(to_png(figure))


if __name__ == "__main__":
    main()
