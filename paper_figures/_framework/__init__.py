"""What the scripts of this folder are made of.

- `Experiment` is a figure or a table: the jobs it needs, how it is drawn, what it must show;
- `Job` is one piece of work, kept in a folder of its own so that it is done once;
- `trained` is the piece of work of a training run;
- `Runs` is what all jobs of an experiment came to, read from its JSON file.

The package does not import this folder: ``breglab figures`` puts it on the path.
"""

from __future__ import annotations

from _framework.curves import band, grid
from _framework.experiment import PROTOCOLS, Claim, Experiment
from _framework.images import packed, unpacked
from _framework.jobs import Job, Stopped
from _framework.runs import Runs, mean, spread
from _framework.tables import comparison, published
from _framework.training import trained, training_jobs

__all__ = [
    "PROTOCOLS",
    "Claim",
    "Experiment",
    "Job",
    "Runs",
    "Stopped",
    "band",
    "comparison",
    "grid",
    "mean",
    "packed",
    "published",
    "spread",
    "trained",
    "training_jobs",
    "unpacked",
]
