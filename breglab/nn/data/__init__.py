"""Image data sets for experiments: digits that come along, MNIST, Fashion-MNIST and CIFAR-10.

- `load` returns a data set by its name, from a folder or from its official mirrors;
- `Images` is what it returns: two splits of pixels and labels, as they are in the files;
- `Batches` are shuffled batches of a tensor, the same ones whenever they are asked for.

Foreign files are read with care: no pickle is run, no archive chooses where it is written to, and
a download takes its name only when its checksum is right.
"""

from __future__ import annotations

from breglab.nn.data.batches import Batches
from breglab.nn.data.images import NAMES, Images, Split, load

__all__ = ["NAMES", "Batches", "Images", "Split", "load"]
