"""Named, seeded problem instances: see `names` and `load`."""

from __future__ import annotations

from breglab.problems.instances import constrained, images, quadratics, sensing, tables
from breglab.problems.instances._registry import load, names

__all__ = ["constrained", "images", "load", "names", "quadratics", "sensing", "tables"]
