"""Training runs: from a configuration to a sparse network, safely.

- `train` runs a `Config` and returns a `Run`; with a folder it goes on where it was stopped;
- `sweep` runs every combination of some values;
- `Trainer` is the loop by itself, `Checkpoints` its states on the disk, and `Place` where the
  processes that share the work are told apart.
"""

from __future__ import annotations

from breglab.nn.training.checkpoints import Checkpoints
from breglab.nn.training.config import Config
from breglab.nn.training.place import Place
from breglab.nn.training.run import Run, train
from breglab.nn.training.sweep import sweep
from breglab.nn.training.trainer import Trainer

__all__ = ["Checkpoints", "Config", "Place", "Run", "Trainer", "sweep", "train"]
