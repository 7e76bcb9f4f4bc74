"""Fully connected networks."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from torch import Tensor, nn

from breglab._checks import count


class MLP(nn.Module):
    """Linear layers with ReLUs in between; images are flattened.

    Parameters
    ----------
    sizes : sequence of int
        Widths of the input, of the hidden layers and of the output; 784-200-80-10 is the network
        of Sections 4.2 and 4.3 of Bungert et al. (JMLR 2022), with 173,890 parameters.
    bias : bool
        Whether the layers have biases.

    Raises
    ------
    TypeError, ValueError
        If there are fewer than two sizes, or one is no integer >= 1.
    """

    def __init__(self, sizes: Sequence[int] = (784, 200, 80, 10), bias: bool = True) -> None:
        super().__init__()
        widths = [count(n, f"sizes[{i}]") for i, n in enumerate(sizes)]
        if len(widths) < 2:
            raise ValueError(f"sizes must be at least those of input and output, got {sizes!r}")
        layers: list[nn.Module] = [nn.Flatten()]
        for n_in, n_out in itertools.pairwise(widths):
            layers += [nn.Linear(n_in, n_out, bias=bias), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(batch, ...)`` with ``sizes[0]`` numbers an example to ``(batch, sizes[-1])``."""
        out: Tensor = self.layers(x)
        return out
