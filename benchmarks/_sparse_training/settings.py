"""Which networks are trained, on what, and how: the rows of the tables."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

from row_groups import SETTINGS as GROUPS
from torch import nn

from breglab.nn import models

BATCH = 128
BLOCK = 51
"""Steps that a run makes before it is another one's turn: a phase of m = 50 with its full step."""
DENSE = "dense SGD"


@dataclass(frozen=True)
class Row:
    """One way of training.

    Attributes
    ----------
    name : str
        In the tables.
    kind : {"sgd", "adam", "small", "pruning", "linbreg", "adabreg", "rows", "adarows"}
        Dense SGD or Adam; SGD of a smaller network; SGD with magnitude pruning; LinBreg or AdaBreg
        with l1; LinBreg or AdaBreg with groups of rows and filters.
    lr : float
        Step size at the start; it falls linearly to 0.
    lam : float
        Weight of the regulariser.
    density : float
        Share of the weights (rows) of linear layers that are there at the start; what is left at
        the end of pruning; the share of weights of the small network.
    conv : float
        The same for convolutions, whose groups are filters.
    gain : float
        Factor of the weights at the start, for which a ReLU keeps the size of signals.
    frozen_steps : int
        m, at the start if it grows.
    grows : bool
        Whether `FrozenStepsSchedule` lets m grow from 10 to 100.
    """

    name: str
    kind: str
    lr: float = 0.1
    lam: float = 0.0
    density: float = 1.0
    conv: float = 1.0
    gain: float = 1.0
    frozen_steps: int = 0
    grows: bool = False

    @property
    def is_sparse(self) -> bool:
        """Whether it is one of the Bregman methods."""
        return self.kind in ("linbreg", "adabreg", "rows", "adarows")

    @property
    def by_rows(self) -> bool:
        """Whether rows and filters are zero together."""
        return self.kind in ("rows", "adarows")


def is_current(name: str, setting: dict) -> bool:
    """Return whether a row of a network is still trained like that."""
    return any(asdict(row) == setting for row in ROWS[name])


def _bregman(l1: dict, ada: dict) -> list[Row]:
    # More full steps let more weights in, with which long steps do not stay finite.
    lrs = {50: 1.0, 0: 0.3, 10: 0.5, 100: 1.0}
    return [
        *(Row(f"LinBreg, m = {m}", "linbreg", frozen_steps=m, **(l1 | {"lr": lr}))
          for m, lr in lrs.items()),
        Row("LinBreg, m grows, small lam", "linbreg", frozen_steps=10, grows=True,
            **(l1 | {"lr": 0.5, "lam": 5e-3, "density": 0.03})),
        Row("LinBreg, m grows, large lam", "linbreg", frozen_steps=10, grows=True,
            **(l1 | {"lam": 0.018, "density": 0.03})),
        Row("AdaBreg, m = 50", "adabreg", frozen_steps=50, **ada),
        Row("AdaBreg, m = 50, large lam", "adabreg", frozen_steps=50, **(ada | {"lam": 0.06})),
        Row("AdaBreg, m = 50, larger lam", "adabreg", frozen_steps=50, **(ada | {"lam": 0.08})),
        Row("AdaBreg, m grows", "adabreg", frozen_steps=10, grows=True, **ada),
    ]  # fmt: skip


def _groups(name: str) -> Row:
    own = GROUPS[name]
    return Row("LinBreg, groups of rows, m = 50", "rows", own.lr, own.lam, own.linear, own.conv,
               own.gain, own.frozen_steps)  # fmt: skip


def _controls(share: float, lr: float, gain: float = 1.0) -> list[Row]:
    return [
        Row(f"small dense network, {share:.0%}", "small", lr, density=share, gain=gain),
        Row(f"magnitude pruning to {share:.0%}", "pruning", lr, density=share, gain=gain),
    ]


ROWS = {
    "mlp": [
        Row(DENSE, "sgd", 0.3),
        *_bregman(
            {"lr": 1.0, "lam": 0.015, "density": 0.04}, {"lr": 2e-3, "lam": 0.04, "density": 0.04}
        ),
        *_controls(0.05, 0.3),
        _groups("mlp"),
        Row("AdaBreg, groups of rows, m = 50", "adarows", 2e-3, 0.15, 0.25, gain=0.5,
            frozen_steps=50),
    ],
    "convnet": [
        # With a gain of 1 some seeds lose neurons in the first steps, for good.
        Row(DENSE, "sgd", gain=0.7),
        Row("LinBreg, m = 50", "linbreg", 0.2, 2e-3, 0.1, 0.3, 0.7, frozen_steps=50),
        *_controls(0.1, 0.1, 0.7),
        _groups("convnet"),
    ],
    "digits": [
        Row(DENSE, "sgd"),
        Row("LinBreg, m = 10", "linbreg", lam=1e-3, density=0.1, frozen_steps=10),
        *_controls(0.1, 0.1),
    ],
}  # fmt: skip
"""By the name of the network, the rows in the order in which they are run."""

CASES = [(network, data) for data in ("mnist", "fashion-mnist") for network in ("mlp", "convnet")]
"""Networks and data; a quick run has ("digits", "digits") alone."""

HEADS = {"mlp": "layers.5.weight", "convnet": "layers.9.weight", "digits": "layers.5.weight"}
"""The last layer's weight, which is not regularised and starts as torch starts it."""


def network(name: str, share: float = 1.0) -> nn.Module:
    """Return a dense network as torch starts it, with about a share of the weights."""
    if name == "convnet":
        narrow = math.sqrt(share)
        return models.ConvNet(width=round(64 * narrow), hidden=round(128 * narrow))
    n_in, width = (784, 2048) if name == "mlp" else (64, 512)
    # Of (n_in + 10) w + w^2 = share of the same with the whole width.
    side, whole = n_in + 10, (n_in + 10) * width + width**2
    w = width if share == 1.0 else round((math.sqrt(side**2 + 4 * share * whole) - side) / 2)
    return models.MLP((n_in, w, w, 10))
