"""What the figures of a run ask of its trace."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from breglab.iteration import Trace


def column(trace: Trace, name: str, ndim: int = 1) -> npt.NDArray[Any]:
    """Return a recorded quantity of a single run, refused for a batch of runs."""
    values = np.asarray(trace[name])
    if values.ndim != ndim:
        raise ValueError(
            f"trace must be of one run to be drawn, got {name!r} of shape {values.shape}; "
            "take one member of the batch first"
        )
    return values
