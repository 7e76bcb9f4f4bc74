"""Optimizers that train sparse networks: Bregman methods, and proximal ones to compare them with.

- `Bregman`: any torch optimizer on the dual variable;
- `LinBreg`: SGD on the dual, with the paper's momentum;
- `AdaBreg`: Adam on the dual;
- `ProxSGD`, `ProxAdam`: proximal gradient methods on the parameters.
"""

from __future__ import annotations

from breglab.nn.optim.adabreg import AdaBreg
from breglab.nn.optim.bregman import Bregman
from breglab.nn.optim.linbreg import LinBreg
from breglab.nn.optim.proximal import ProxAdam, ProxSGD

__all__ = ["AdaBreg", "Bregman", "LinBreg", "ProxAdam", "ProxSGD"]
