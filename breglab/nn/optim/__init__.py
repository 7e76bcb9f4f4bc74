"""Optimizers that train sparse networks: Bregman methods, and proximal ones to compare them with.

- `Bregman`: any torch optimizer on the dual variable;
- `LinBreg`: SGD on the dual, with the paper's momentum;
- `AdaBreg`: Adam on the dual;
- `ProxSGD`, `ProxAdam`: proximal gradient methods on the parameters.
"""

from __future__ import annotations

import torch

from breglab.nn.optim.adabreg import AdaBreg
from breglab.nn.optim.bregman import Bregman
from breglab.nn.optim.linbreg import LinBreg
from breglab.nn.optim.proximal import ProxAdam, ProxSGD

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "linbreg": LinBreg,
    "adabreg": AdaBreg,
    "bregman": Bregman,
    "proxsgd": ProxSGD,
    "proxadam": ProxAdam,
}
"""The optimizers by the names that a configuration gives them."""

DENSE: dict[str, type[torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
}
"""Torch's own, which know no regulariser, by such names."""

__all__ = ["DENSE", "OPTIMIZERS", "AdaBreg", "Bregman", "LinBreg", "ProxAdam", "ProxSGD"]
