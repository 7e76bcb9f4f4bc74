"""The networks of the paper's experiments, small enough to read.

All of them are built of `torch.nn` modules alone, keep their ReLUs as modules, can be traced by
`torch.fx`, and start with torch's own initialisation; `breglab.nn.sparse_init_` makes them sparse.
"""

from __future__ import annotations

import inspect
from typing import Any

from torch import nn

from breglab._checks import choice
from breglab.nn.models.autoencoder import Autoencoder
from breglab.nn.models.convnet import ConvNet
from breglab.nn.models.densenet import DenseNet
from breglab.nn.models.mlp import MLP
from breglab.nn.models.resnet import ResNet, ResNet18

MODELS: dict[str, type[nn.Module]] = {
    "mlp": MLP,
    "convnet": ConvNet,
    "resnet": ResNet,
    "resnet18": ResNet18,
    "densenet": DenseNet,
    "autoencoder": Autoencoder,
}
"""The models by the names that a configuration gives them."""

__all__ = ["MLP", "MODELS", "Autoencoder", "ConvNet", "DenseNet", "ResNet", "ResNet18", "create"]


def create(name: str, **options: Any) -> nn.Module:
    """Return the model that a configuration names.

    Parameters
    ----------
    name : str
        A key of `MODELS`.
    **options
        Arguments of its class; lists stand for tuples.

    Raises
    ------
    ValueError
        If there is no such model, the model has no such option, or its value is out of range.
    """
    cls = MODELS[choice(name, "model", tuple(MODELS))]
    known = inspect.signature(cls).parameters
    for option in options:
        choice(option, f"option of the model {name!r}", tuple(known))
    return cls(**options)
