"""How the support of a network grows while it is trained."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets
import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from breglab.plotting.explorers._explorer import Explorer
from breglab.plotting.snapshots import density_bars


def network_support(columns: Mapping[str, npt.NDArray[np.float64]]) -> Explorer:
    """Explore the densities of the layers over a training run.

    Parameters
    ----------
    columns : mapping
        A record of a training run, as `breglab.nn.Recorder.columns` or `breglab.nn.load_record`
        return it.

    Returns
    -------
    Explorer
        A control ``row`` of the record.

    Raises
    ------
    KeyError
        If no densities were recorded.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.plotting.explorers import network_support
    >>> share = np.array([0.01, 0.05])
    >>> explorer = network_support({"step": np.arange(2), "density": share, "density/0": share})
    >>> "after step 1" in explorer.picture
    True
    """
    last = len(columns["step"]) - 1
    density_bars(columns, last)  # raises where there is nothing to draw
    row = ipywidgets.IntSlider(value=last, min=0, max=last, description="row of the record")

    def draw(row: int) -> Figure:
        return density_bars(columns, row)

    return Explorer(draw, {"row": row}, "The share of non-zero weights in each layer")
