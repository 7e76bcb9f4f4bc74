"""The neurons of every layer of a network while it is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from breglab.plotting.style import INK, head, new_axes, style

_LIGHT, _DARK = "#f2f4f6", "#26415e"
_WIDE, _NARROW = 0.86, 0.2


def layer_widths(counts: Mapping[str, Sequence[float]], title: str) -> Figure:
    """Draw the neurons of each layer at some moments of a training run.

    Parameters
    ----------
    counts : mapping of str to sequence of float
        By moment, the numbers of neurons that are alive, of as many layers each.
    title : str
        Heading of the figure.

    Returns
    -------
    Figure
        A bar for each layer and moment, to both sides of the middle; later ones are wider and
        lighter and lie behind. The numbers are those of the last moment.

    Raises
    ------
    ValueError
        If there is no moment, or their numbers of layers differ.

    Examples
    --------
    >>> from breglab.plotting import layer_widths
    >>> figure = layer_widths({"start": [4, 1, 4], "end": [4, 2, 4]}, "neurons that are alive")
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['4', '2', '4']
    """
    layers = {len(values) for values in counts.values()}
    if len(layers) != 1:
        raise ValueError(f"counts must have moments with as many layers each, got {sorted(layers)}")
    x, half = np.arange(1, layers.pop() + 1), 0.5
    with style():
        figure, axes = new_axes(top=0.18)
        for rank, (moment, values) in reversed(list(enumerate(counts.items()))):
            late = rank / (len(counts) - 1) if len(counts) > 1 else 0.5
            shade = (1.0 - late) * np.array(to_rgb(_DARK)) + late * np.array(to_rgb(_LIGHT))
            lengths = np.asarray(values, dtype=np.float64)
            axes.bar(x, lengths, _NARROW + late * (_WIDE - _NARROW), bottom=-lengths / 2.0,
                     color=tuple(shade), edgecolor=INK, lw=0.5, label=moment)  # fmt: skip
            half = max(half, float(np.max(lengths)) / 2.0)
        for place, value in zip(x, list(counts.values())[-1], strict=True):
            axes.annotate(f"{value:.0f}", (place, value / 2.0), (0.0, 2.0), ha="center",
                          textcoords="offset points", fontsize=8.0)  # fmt: skip
        axes.set_ylim(-1.05 * half, 1.18 * half)
        axes.yaxis.set_major_locator(NullLocator())
        axes.spines["left"].set_visible(False)
        axes.grid(visible=False)
        axes.set_xticks(x)
        axes.set_xlabel("layer", labelpad=1.0)
        axes.set_ylabel("neurons (numbers: at the end)", labelpad=6.0)
        handles, names = axes.get_legend_handles_labels()
        head(axes, title, handles=handles[::-1], labels=names[::-1], handlelength=1.2)
    return figure
