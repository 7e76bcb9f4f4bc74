"""The pieces of a run, made as a configuration says."""

from __future__ import annotations

import inspect
import math
import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.optim import lr_scheduler

from breglab._checks import choice
from breglab.geometry import L1, Functional, GroupL12, Nuclear, Zero
from breglab.nn.baselines import MASKED, PENALIZED, Masked
from breglab.nn.data.seeds import generator
from breglab.nn.groups import sparse_parameter_groups
from breglab.nn.init import sparse_init_
from breglab.nn.models import MODELS, create
from breglab.nn.optim import DENSE, OPTIMIZERS, Bregman
from breglab.nn.schedules import SCHEDULES, LambdaSchedule
from breglab.nn.sparse.training import SparseTraining
from breglab.nn.training.config import Config, Options, Regularizer

_WITHOUT_GROUPS = {"l1": L1, "nuclear": Nuclear}


def device_of(config: Config) -> torch.device:
    """Return the device of a run.

    Raises
    ------
    ValueError
        If there is no such device.
    """
    wanted = config.training.device
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        found = torch.empty(1, device=wanted)
        found.item()  # the device "meta" has no numbers
    except (RuntimeError, AssertionError) as error:
        # Torch says it in several lines with advice for its own developers.
        raise ValueError(
            "training.device must be a device of this machine "
            f"({'cpu, cuda' if torch.cuda.is_available() else 'cpu'}), got {wanted!r}"
        ) from error
    return found.device


def network(config: Config, shape: Sequence[int], classes: int) -> nn.Module:
    """Return the network with its initial parameters, on the CPU.

    Parameters
    ----------
    config : Config
        Torch's global random numbers, which the models start from, are seeded as it says.
    shape : sequence of int
        Channels, height and width of the images.
    classes : int
        Number of classes.

    Raises
    ------
    ValueError, TypeError
        If the model or its initialisation has no such option.
    """
    torch.manual_seed(config.training.seed)
    model = create(config.model.name, **_fitting(config, shape, classes))
    init = config.initialization
    if not init.density and init.options:
        raise ValueError(
            "initialization.density must be > 0 for [initialization] to have "
            f"{', '.join(init.options)}"
        )
    if init.density:
        _check_options(sparse_init_, init.options, "initialization")
        rng = generator(config.training.seed, "weights")
        sparse_init_(model, init.density, **{"generator": rng, **init.options})
    return model.double() if config.training.precision == "float64" else model


def optimizer(config: Config, model: nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer of the parameters of a network.

    Raises
    ------
    ValueError, TypeError
        If it has no such option, or an option is out of range.
    """
    name, lr, options = config.optimizer.name, config.optimizer.lr, dict(config.optimizer.options)
    cls: Any = {**OPTIMIZERS, **PENALIZED, **DENSE}[name]
    inner: list[Any] = []
    if name == "bregman":
        inner = [_torch_optimizer(options.pop("inner", None))]
    else:
        _check_options(cls, options, "optimizer")
    if name in DENSE:
        # Torch's fused kernels leave no choice of another way.
        fused = not {"foreach", "differentiable", "fused"} & options.keys()
        options = {**options, **({"fused": True} if fused else {})}
        return cls(model.parameters(), lr=lr, **options)  # type: ignore[no-any-return]
    found: torch.optim.Optimizer = cls(
        *inner, parameter_groups(config.regularizer, model), lr=lr, regularizer=None, **options
    )
    return found


def parameter_groups(regularizer: Regularizer, model: nn.Module) -> list[dict[str, Any]]:
    """Return the param groups of a network, one for each kind of layer and one for the rest."""
    return sparse_parameter_groups(
        model,
        linear=_functional(regularizer.linear, regularizer.lam_of("linear")),
        conv=_functional(regularizer.conv, regularizer.lam_of("conv")),
    )


def lr_schedule(
    config: Config, optimizer: torch.optim.Optimizer, steps: int
) -> lr_scheduler.LRScheduler | None:
    """Return what changes the step size: cosine after each step, plateau after each epoch."""
    schedule = config.schedule
    if schedule.name == "cosine":
        return lr_scheduler.CosineAnnealingLR(optimizer, max(steps, 1))
    if schedule.name == "plateau":
        return lr_scheduler.ReduceLROnPlateau(
            optimizer,
            factor=schedule.factor,
            patience=schedule.patience,
            threshold=schedule.threshold,
        )
    return None


def controller(
    config: Config, optimizer: torch.optim.Optimizer, model: nn.Module, steps: int
) -> LambdaSchedule | Masked | None:
    """Return what steers lam or masks weights, None if nothing does.

    Raises
    ------
    ValueError, TypeError
        If it has no such option, an option is out of range, or it does not fit the optimizer.
    """
    control = config.control
    known: dict[str, Any] = {**SCHEDULES, **MASKED}
    cls = known.get(control.name)
    if cls is None:
        if control.options:
            raise ValueError(
                f"control.name must be one of {', '.join(known)} for [control] to have "
                f"{', '.join(control.options)}, got {control.name!r}"
            )
        return None
    _check_options(cls, control.options, "control")
    options = dict(control.options)
    if control.name in MASKED:
        options |= {"model": model, "total_steps": steps}
    if "seed" in inspect.signature(cls).parameters:
        options.setdefault("seed", config.training.seed)
    found: LambdaSchedule | Masked = cls(optimizer, **options)
    return found


def sparse_training_of(
    config: Config, model: nn.Module, optimizer: torch.optim.Optimizer
) -> SparseTraining | None:
    """Return the context in which frozen steps are sparse, None if there is nothing to gain."""
    training = config.training
    if not training.sparse or not isinstance(optimizer, Bregman):
        return None
    if not any(group["frozen_steps"] for group in optimizer.param_groups):
        return None
    if training.compile:
        warnings.warn(
            "training.compile: the layers of a compiled network are not exchanged, so frozen steps "
            "are made with dense ones (training.sparse = false asks for that)",
            stacklevel=2,
        )
        return None
    break_even, batch = training.break_even or None, config.data.batch_size
    return SparseTraining(model, optimizer, break_even=break_even, batch=batch)


def _functional(name: str, lam: float) -> Functional:
    if name == "zero":
        return Zero()
    return _WITHOUT_GROUPS[name](lam) if name in _WITHOUT_GROUPS else GroupL12(name, lam)


def _fitting(config: Config, shape: Sequence[int], classes: int) -> dict[str, Any]:
    """Return the options of the model, with what images and classes decide unless it is given."""
    name, options = config.model.name, dict(config.model.options)
    known = inspect.signature(MODELS[name]).parameters
    decided = {
        "sizes": (math.prod(shape), 200, 80, classes),
        "channels": shape[0],
        "size": shape[1],
        "classes": classes,
    }
    if name == "autoencoder":
        decided["width"] = math.prod(shape)
    return {key: value for key, value in decided.items() if key in known} | options


def _check_options(function: Any, options: Options, section: str) -> None:
    """Refuse options that a function does not take, that are no switches, or that are missing."""
    given = ["params", "optimizer", "model", "total_steps", "lr", "regularizer"]
    given += ["density"] if section == "initialization" else []
    parameters = inspect.signature(function).parameters
    own = {name: one for name, one in parameters.items() if name not in given}
    for name, value in options.items():
        choice(name, f"option of [{section}]", list(own))
        # A text such as "no" would count as true.
        if "bool" in str(own[name].annotation) and type(value) is not bool:
            raise TypeError(f"{section}.{name} must be true or false, got {value!r}")
    for name, one in own.items():
        needed = one.default is one.empty and one.kind is not one.VAR_KEYWORD
        if needed and name not in options:
            raise ValueError(f"[{section}] must have an entry {name}")


def _torch_optimizer(name: Any) -> type[torch.optim.Optimizer]:
    found = getattr(torch.optim, name, None) if isinstance(name, str) else None
    base = torch.optim.Optimizer
    if not (isinstance(found, type) and issubclass(found, base)) or found is base:
        raise ValueError(
            "optimizer.inner must be a class of torch.optim by its name, "
            f"e.g. 'NAdam', got {name!r}"
        )
    return found
