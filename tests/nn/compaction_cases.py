"""Networks for the tests of compaction: random ones, and ways to kill channels."""

from __future__ import annotations

import torch
from torch import nn

ACTIVATIONS = [nn.ReLU, nn.Sigmoid, nn.Softplus, nn.Tanh, nn.LeakyReLU]


class RandomNet(nn.Module):
    """A random graph of layers on pictures, then a random head; ``plan`` is fixed at the start."""

    def __init__(self, pick, channels=3, size=6):
        super().__init__()
        self.layers = nn.ModuleList()
        self.plan = []
        sizes = [(channels, size)]
        for _ in range(pick(3, 9)):
            self._grow(pick, sizes)
        self.flattening = pick(0, 3)
        c, s = sizes[-1]
        n = c if self.flattening == 3 else c * s * s
        hidden = pick(2, 6)
        self.head = nn.Sequential(nn.Linear(n, hidden), ACTIVATIONS[pick(0, 4)](),
                                  nn.Linear(hidden, 3, bias=bool(pick(0, 1))))  # fmt: skip
        self.also = pick(0, 3 * len(sizes))  # sometimes a second output, from inside
        self.double()

    def _layer(self, layer):
        self.layers.append(layer)
        return len(self.layers) - 1

    def _grow(self, pick, sizes):
        source = max(len(sizes) - 1 - pick(0, 2), 0)
        c, s = sizes[source]
        bias, padding = bool(pick(0, 1)), pick(0, 1) if s > 2 else 1
        out = pick(1, 6)
        kind = pick(0, 8)
        twins = [i for i, shape in enumerate(sizes) if shape == (c, s)]
        beside = [i for i, shape in enumerate(sizes) if shape[1] == s]
        if kind <= 1:
            layer = nn.Conv2d(c, out, 3, padding=padding, bias=bias,
                              padding_mode=["zeros", "circular"][pick(0, 1)])  # fmt: skip
            shape = (out, s - 2 + 2 * padding)
        elif kind == 2:
            layer, shape = nn.ConvTranspose2d(c, out, 2, bias=bias), (out, s + 1)
        elif kind == 3:
            layer = nn.Conv2d(c, c, 3, padding=padding, groups=c, bias=bias)
            shape = (c, s - 2 + 2 * padding)
        elif kind == 4:
            layer, shape = nn.BatchNorm2d(c), (c, s)
        elif kind == 5:
            layer, shape = ACTIVATIONS[pick(0, 4)](), (c, s)
        elif kind == 6:
            average = nn.AvgPool2d(3, 1, 1, count_include_pad=bool(pick(0, 1)))
            layer, shape = [nn.MaxPool2d(3, 1, 1), average][pick(0, 1)], (c, s)
        else:
            others = twins if kind == 7 else beside
            other = others[pick(0, len(others) - 1)]
            self.plan.append(("add" if kind == 7 else "cat", source, other))
            sizes.append((c, s) if kind == 7 else (c + sizes[other][0], s))
            return
        self.plan.append(("layer", source, self._layer(layer)))
        sizes.append(shape)

    def forward(self, x):
        """Return the output, and sometimes a tensor from inside."""
        found = [x]
        for kind, source, other in self.plan:
            if kind == "layer":
                found.append(self.layers[other](found[source]))
            elif kind == "add":
                found.append(found[source] + found[other])
            else:
                found.append(torch.cat([found[source], found[other]], dim=1))
        last = found[-1]
        flat = [
            lambda: torch.flatten(last, 1),
            lambda: last.view(last.size(0), -1),
            lambda: last.reshape(-1, self.head[0].in_features),
            lambda: last.mean((2, 3)),
        ][self.flattening]()
        out = self.head(flat)
        return (out, found[self.also]) if self.also < len(found) else out


def randomise(model, seed, dead=0.5):
    """Draw all parameters and running statistics, and kill rows, columns and scales."""
    generator = torch.Generator().manual_seed(seed)

    def draw(like):
        return torch.randn(like.shape, generator=generator, dtype=like.dtype)

    def lives(n):
        return torch.rand(n, generator=generator) > dead

    with torch.no_grad():
        for p in model.parameters():
            p.copy_(draw(p) / max(p[0].numel() if p.ndim > 1 else 1, 1) ** 0.5)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d | nn.BatchNorm1d):
                module.running_mean.copy_(0.3 * draw(module.running_mean))
                module.running_var.copy_(0.5 + draw(module.running_var) ** 2)
                module.weight[torch.rand(len(module.weight), generator=generator) < dead / 4] = 0
            elif hasattr(module, "weight"):
                module.weight[~lives(len(module.weight))] = 0
                if module.weight.shape[1] > 1:
                    module.weight[:, ~lives(module.weight.shape[1])] = 0
    return model


def kill_rows(layer, live):
    """Keep the first ``live`` rows of a layer's weight and zero the others."""
    with torch.no_grad():
        layer.weight[live:] = 0
    return layer


def picker(seed):
    """Return a function that draws integers between two numbers, both included."""
    generator = torch.Generator().manual_seed(seed)

    def pick(low, high):
        return int(torch.randint(low, high + 1, (1,), generator=generator))

    return pick
