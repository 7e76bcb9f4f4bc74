"""Sparse neural networks in torch: training, and what stands around it.

- `Bregman`, `LinBreg`, `AdaBreg`: optimizers that act on a dual variable;
- `ProxSGD`, `ProxAdam`: proximal gradient methods, to compare them with.
"""

from __future__ import annotations

from breglab.nn.optim import AdaBreg, Bregman, LinBreg, ProxAdam, ProxSGD

__all__ = ["AdaBreg", "Bregman", "LinBreg", "ProxAdam", "ProxSGD"]
