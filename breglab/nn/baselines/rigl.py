"""RigL: a sparse network that exchanges small weights for promising ones while it trains."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from breglab._checks import count, scalar
from breglab.nn.baselines.masks import Masked
from breglab.nn.data.seeds import generator


class RigL(Masked):
    """A random sparse network; now and then each layer drops small weights and grows others.

    Every `interval` steps up to the part `end` of the training, the share

        f(t) = fraction / 2 (1 + cos(pi t / t_end))

    of the living weights of each layer, the smallest ones, is dropped, rounded down and at most as
    many as are not living, and as many are grown where the gradient of the batch is largest among
    the weights that were zero or have been dropped. What is newly grown starts at zero with no
    momentum; what is dropped and grown at once keeps its value. The number of living weights of
    each layer stays the same.

    Parameters
    ----------
    optimizer, model, total_steps
        As in `Masked`. The gradients of the last batch must still be there when `step` is called.
    target_density : float
        Share of living weights in (0, 1], shared among the layers by `erk_densities`; each layer
        has a whole number of them, rounded, and one at least.
    interval : int
        Steps between two exchanges, >= 1.
    fraction : float
        Share of the first exchange, in [0, 1].
    end : float
        The part of the training after which the network stays as it is, in (0, 1].
    seed : int
        Of the first network.

    Raises
    ------
    TypeError, ValueError
        If a number is out of range, or as in `Masked`.

    References
    ----------
    Evci, Gale, Menick, Castro and Elsen, Rigging the lottery: making all tickets winners, ICML
    2020, Algorithm 1.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        model: nn.Module,
        total_steps: int,
        *,
        target_density: float,
        interval: int = 100,
        fraction: float = 0.3,
        end: float = 0.75,
        seed: int = 0,
    ) -> None:
        super().__init__(optimizer, model, total_steps)
        self.interval = count(interval, "interval")
        self.fraction = scalar(fraction, "fraction", low=0.0, high=1.0)
        self.last = scalar(end, "end", low=0.0, high=1.0, open_low=True) * total_steps
        shapes = {name: tuple(p.shape) for name, p in self.weights.items()}
        scalar(target_density, "target_density", low=0.0, high=1.0, open_low=True)
        densities = erk_densities(shapes, target_density)
        for name, p in self.weights.items():
            living = max(round(densities[name] * p.numel()), 1)
            mask = torch.zeros(p.numel(), dtype=torch.bool)
            rng = generator(count(seed, "seed", low=0), "rigl", name)
            mask[torch.randperm(p.numel(), generator=rng)[:living]] = True
            self.masks[name] = mask.reshape(p.shape).to(p.device)
            with torch.no_grad():  # signals keep their size, (4.3) of Bungert et al.
                p.mul_(self.masks[name]).mul_(1.0 / math.sqrt(living / p.numel()))

    def _change(self) -> bool:
        if self.count % self.interval or self.count > self.last:
            return False
        share = 0.5 * self.fraction * (1.0 + math.cos(math.pi * self.count / self.last))
        for name, p in self.weights.items():
            if p.grad is not None:
                self.masks[name] = exchanged(p.detach(), p.grad, self.masks[name], share)
        return True


def exchanged(weight: Tensor, gradient: Tensor, mask: Tensor, share: float) -> Tensor:
    """Return the mask after an exchange, with as many living weights.

    Parameters
    ----------
    weight, gradient : Tensor
        Of one layer.
    mask : Tensor
        Of the same shape, bool.
    share : float
        Of the living weights to drop, in [0, 1].
    """
    alive = mask.reshape(-1)
    living = int(alive.sum())
    dropped = min(math.floor(share * living), alive.numel() - living)
    size = weight.abs().reshape(-1).masked_fill(~alive, -1.0)
    kept = torch.sort(size, descending=True, stable=True).indices[: living - dropped]
    new = torch.zeros_like(alive)
    new[kept] = True
    wanted = gradient.abs().reshape(-1).masked_fill(new, -1.0)
    new[torch.sort(wanted, descending=True, stable=True).indices[:dropped]] = True
    return new.reshape(mask.shape)


def erk_densities(shapes: Mapping[str, tuple[int, ...]], density: float) -> dict[str, float]:
    """Return the densities of layers in proportion to sum(shape) / prod(shape), none above 1.

    So small layers are denser, and the share of all weights is as asked for before numbers of
    weights are rounded. Evci et al., Rigging
    the lottery, ICML 2020.

    Parameters
    ----------
    shapes : mapping
        From names to the shapes of weights.
    density : float
        Share of all weights in (0, 1].

    Raises
    ------
    ValueError
        If the density is out of range.

    Examples
    --------
    >>> from breglab.nn.baselines import erk_densities
    >>> found = erk_densities({"wide": (100, 100), "narrow": (10, 10)}, 0.1)
    >>> {name: round(share, 3) for name, share in found.items()}
    {'wide': 0.092, 'narrow': 0.918}
    """
    scalar(density, "density", low=0.0, high=1.0, open_low=True)
    sizes = {name: math.prod(shape) for name, shape in shapes.items()}
    wanted, full = density * sum(sizes.values()), set[str]()
    while True:
        rest = [name for name in shapes if name not in full]
        left = wanted - sum(sizes[name] for name in full)
        factor = left / (sum(sum(shapes[name]) for name in rest) or 1)
        found = {name: factor * sum(shapes[name]) / sizes[name] for name in rest}
        over = {name for name, value in found.items() if value > 1.0}
        if not over:
            return {name: found.get(name, 1.0) for name in shapes}
        full |= over
