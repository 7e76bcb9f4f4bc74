"""Training by several processes, on one machine or many (``torchrun``).

- `processes` joins the processes that torchrun started and returns their `Place`, which
  `breglab.nn.training.train` takes;
- `Replicated` is that place: every process has the whole network (DistributedDataParallel);
- `save`, `load` write and read checkpoints of networks that are whole, replicated or sharded
  (FSDP2), for any number of processes.

The optimizers of `breglab.nn` need no setting for either form.
"""

from __future__ import annotations

from breglab.nn.distributed.checkpoints import load, save
from breglab.nn.distributed.places import Replicated, processes

__all__ = ["Replicated", "load", "processes", "save"]
