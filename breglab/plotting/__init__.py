"""Plotting: traces and verdicts in, matplotlib figures out, no numerics.

The only room that imports matplotlib. No function here touches pyplot or any global state.
"""

from breglab.plotting.animation import growing_path
from breglab.plotting.convergence import convergence
from breglab.plotting.ensembles import certified_gaps, ensemble
from breglab.plotting.entries import bars, dual_certificate, sparse_vectors
from breglab.plotting.export import to_png, to_svg
from breglab.plotting.factors import contraction_curves
from breglab.plotting.functions import bregman_gap, functions, support_lines
from breglab.plotting.inverse_scale_space import against_lasso, dual_path, primal_path, scales
from breglab.plotting.layer_widths import layer_widths
from breglab.plotting.losses import descent_in_plane, descent_on_line, line_window, plane_window
from breglab.plotting.margins import closest, margin_curves, negative_label
from breglab.plotting.paired import paired
from breglab.plotting.paths import coefficient_paths
from breglab.plotting.phase_diagram import phase_diagram
from breglab.plotting.pictures import picture, reconstructions
from breglab.plotting.sides import two_sides
from breglab.plotting.snapshots import density_bars, snapshot
from breglab.plotting.support import support_growth
from breglab.plotting.time_curves import time_curves
from breglab.plotting.trade_off import trade_off
from breglab.plotting.training import layer_densities, training_curves
from breglab.plotting.walks import walks_in_plane

__all__ = [
    "against_lasso",
    "bars",
    "bregman_gap",
    "certified_gaps",
    "closest",
    "coefficient_paths",
    "contraction_curves",
    "convergence",
    "density_bars",
    "descent_in_plane",
    "descent_on_line",
    "dual_certificate",
    "dual_path",
    "ensemble",
    "functions",
    "growing_path",
    "layer_densities",
    "layer_widths",
    "line_window",
    "margin_curves",
    "negative_label",
    "paired",
    "phase_diagram",
    "picture",
    "plane_window",
    "primal_path",
    "reconstructions",
    "scales",
    "snapshot",
    "sparse_vectors",
    "support_growth",
    "support_lines",
    "time_curves",
    "to_png",
    "to_svg",
    "trade_off",
    "training_curves",
    "two_sides",
    "walks_in_plane",
]
