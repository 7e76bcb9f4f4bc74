"""What a training run is told: small frozen sections, read from a TOML file."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from breglab._checks import choice, count, nonnegative, positive, scalar
from breglab.nn.baselines import MASKED, PENALIZED
from breglab.nn.data.images import NAMES
from breglab.nn.models import MODELS
from breglab.nn.optim import DENSE, OPTIMIZERS
from breglab.nn.schedules import SCHEDULES
from breglab.nn.training._tables import Weights, from_table, table_of, to_table
from breglab.nn.training.augment import AUGMENTATIONS

Options = Mapping[str, Any]
REGULARIZERS = ("l1", "nuclear", "zero", "rows", "columns", "kernels", "filters")


@dataclass(frozen=True)
class Data:
    """``[data]``: the images.

    Attributes
    ----------
    name : str
        A data set of `breglab.nn.data`.
    task : {"classify", "denoise"}
        Cross entropy of the labels, or mean squared error of the images from noisy ones.
    validation : int
        Training images that are set aside, >= 0.
    batch_size : int
        Images a step.
    augment : {"none", "shift", "shift-flip"}
        Random shifts by up to an eighth of the image, and mirror images.
    noise : float
        Standard deviation of the noise for "denoise", pixels being in [0, 1].
    folder : str
        As in `breglab.nn.data.load`.
    """

    name: str = "digits"
    task: str = "classify"
    validation: int = 0
    batch_size: int = 128
    augment: str = "none"
    noise: float = 0.05
    folder: str = ""

    def __post_init__(self) -> None:
        choice(self.name, "data.name", NAMES)
        choice(self.task, "data.task", ("classify", "denoise"))
        count(self.validation, "data.validation", low=0)
        count(self.batch_size, "data.batch_size")
        choice(self.augment, "data.augment", AUGMENTATIONS)
        nonnegative(self.noise, "data.noise")


@dataclass(frozen=True)
class Model:
    """``[model]``: a network of `breglab.nn.models`, with its options beside its name.

    What an image and the number of classes decide need not be given.

    Attributes
    ----------
    name : str
        A key of `breglab.nn.models.MODELS`.
    options : dict
        Arguments of its class; lists stand for tuples.
    """

    name: str = "mlp"
    options: Options = field(default_factory=dict)

    def __post_init__(self) -> None:
        choice(self.name, "model.name", tuple(MODELS))


@dataclass(frozen=True)
class Initialization:
    """``[initialization]``: the options of `breglab.nn.sparse_init_`.

    Attributes
    ----------
    density : float
        Expected fraction of weights (or groups) that are not zero, in (0, 1]. 0 keeps torch's own
        initialisation.
    options : dict
        Further options.
    """

    density: float = 0.0
    options: Options = field(default_factory=dict)

    def __post_init__(self) -> None:
        scalar(self.density, "initialization.density", low=0.0, high=1.0)


@dataclass(frozen=True)
class Optimizer:
    """``[optimizer]``: a Bregman or proximal method, a baseline, or torch's dense ones.

    Attributes
    ----------
    name : str
        "linbreg", "adabreg", "bregman", "proxsgd", "proxadam", torch's dense "sgd" and "adam", or
        "penalizedsgd" and "penalizedadam" of `breglab.nn.baselines`. "bregman" takes ``inner``,
        the name of a class of `torch.optim`.
    lr : float
        Step size, > 0.
    options : dict
        Further options of the optimizer, such as ``frozen_steps``.
    """

    name: str = "linbreg"
    lr: float = 0.1
    options: Options = field(default_factory=dict)

    def __post_init__(self) -> None:
        choice(self.name, "optimizer.name", (*OPTIMIZERS, *PENALIZED, *DENSE))
        positive(self.lr, "optimizer.lr")


@dataclass(frozen=True)
class Regularizer:
    """``[regularizer]``: what acts on the weights; norms and biases are free.

    Attributes
    ----------
    lam : float or mapping
        Its weight, for linear layers and convolutions, or one for each:
        ``{ linear = 0.4, conv = 0.2 }``. A record holds the first.
    linear, conv : str
        "l1", "nuclear", "zero", or the layout of groups "rows", "columns", "kernels" or "filters",
        for the group norm of `breglab.geometry.GroupL12`.
    """

    lam: Weights = 0.1
    linear: str = "l1"
    conv: str = "l1"

    def __post_init__(self) -> None:
        if isinstance(self.lam, Mapping) and set(self.lam) != {"linear", "conv"}:
            raise ValueError(
                "regularizer.lam must be a number or name linear and conv, as in "
                f"{{ linear = 0.4, conv = 0.2 }}, got {self.lam!r}"
            )
        for kind in ("linear", "conv"):
            nonnegative(self.lam_of(kind), "regularizer.lam")
        choice(self.linear, "regularizer.linear", REGULARIZERS)
        choice(self.conv, "regularizer.conv", REGULARIZERS)

    def lam_of(self, kind: str) -> float:
        """Return the weight for "linear" layers, or for those of kind "conv"."""
        return self.lam[kind] if isinstance(self.lam, Mapping) else self.lam


@dataclass(frozen=True)
class Schedule:
    """``[schedule]``: the step size over the epochs.

    Attributes
    ----------
    name : {"constant", "plateau", "cosine"}
        "plateau" multiplies by `factor` when the training loss has not fallen by the fraction
        `threshold` for `patience` epochs; "cosine" goes to zero at the last step.
    """

    name: str = "constant"
    patience: int = 5
    factor: float = 0.5
    threshold: float = 0.01

    def __post_init__(self) -> None:
        choice(self.name, "schedule.name", ("constant", "plateau", "cosine"))
        count(self.patience, "schedule.patience", low=0)
        scalar(self.factor, "schedule.factor", low=0, high=1, open_low=True, open_high=True)
        scalar(self.threshold, "schedule.threshold", low=0.0, high=1.0)


@dataclass(frozen=True)
class Control:
    """``[control]``: how lam is steered, or which weights are masked.

    Attributes
    ----------
    name : {"none", "fixed", "linear", "feedback", "quantile", "pruning", "rigl"}
        A schedule of `breglab.nn.schedules`, or a controller of `breglab.nn.baselines`. "none" and
        "fixed" leave lam as it is; "fixed" asks for an optimizer that has one.
    every : int
        Steps from one look of "feedback" at the network to the next, >= 1; the others act after
        every step.
    options : dict
        Options of the schedule, such as ``target_density`` of "feedback".
    """

    name: str = "none"
    every: int = 10
    options: Options = field(default_factory=dict)

    def __post_init__(self) -> None:
        choice(self.name, "control.name", ("none", *SCHEDULES, *MASKED))
        count(self.every, "control.every")
        if self.name != "feedback" and self.every != Control.every:
            other = " (RigL has an interval)" if self.name == "rigl" else ""
            raise ValueError(
                f"control.every is an entry for feedback{other}, got {self.every} for {self.name!r}"
            )


@dataclass(frozen=True)
class Training:
    """``[training]``: the loop.

    Attributes
    ----------
    epochs : int
        Passes through the training images.
    seed : int
        Of the initial weights, the order of the images and everything else that is drawn.
    device : str
        A torch device, or "auto": CUDA if there is one.
    precision : {"float32", "float64", "bfloat16", "float16"}
        The half precisions are torch's automatic mixed precision.
    channels_last, compile : bool
        Memory format of images and convolutions; `torch.compile` of the network.
    clip : float
        Largest norm of the gradient; 0 does not clip. Where sparse layers make a frozen step it is
        the norm of the gradient on the support.
    checkpoint_steps : int
        Steps between checkpoints besides those after each epoch; 0 for none.
    sparse : bool
        Whether frozen steps (``optimizer.frozen_steps``) are made with sparse layers where these
        are faster, see `breglab.nn.sparse_training`; in one process, without `compile`, which
        says so.
    break_even : float
        The density below which they are taken for faster, in [0, 1]; 0 measures it.
    distances : bool
        Whether the Bregman distances to the last iterate are recorded, see
        `breglab.nn.recorder.Recorder`.
    """

    epochs: int = 10
    seed: int = 0
    device: str = "auto"
    precision: str = "float32"
    channels_last: bool = False
    compile: bool = False
    clip: float = 0.0
    checkpoint_steps: int = 0
    sparse: bool = True
    break_even: float = 0.0
    distances: bool = False

    def __post_init__(self) -> None:
        count(self.epochs, "training.epochs", low=0)
        count(self.seed, "training.seed", low=0)
        scalar(self.seed, "training.seed", high=2.0**63, open_high=True)
        precisions = ("float32", "float64", "bfloat16", "float16")
        choice(self.precision, "training.precision", precisions)
        nonnegative(self.clip, "training.clip")
        scalar(self.break_even, "training.break_even", low=0.0, high=1.0)
        count(self.checkpoint_steps, "training.checkpoint_steps", low=0)


@dataclass(frozen=True)
class Config:
    """A training run. Every section has defaults: a small network on scikit-learn's digits.

    Raises
    ------
    ValueError, TypeError
        If a value is out of range.
    """

    data: Data = field(default_factory=Data)
    model: Model = field(default_factory=Model)
    initialization: Initialization = field(default_factory=Initialization)
    optimizer: Optimizer = field(default_factory=Optimizer)
    regularizer: Regularizer = field(default_factory=Regularizer)
    schedule: Schedule = field(default_factory=Schedule)
    control: Control = field(default_factory=Control)
    training: Training = field(default_factory=Training)

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> Config:
        """Return the configuration in nested dictionaries, such as a parsed TOML file gives.

        Raises
        ------
        ValueError
            If there is no such section or entry.
        TypeError
            If a value has the wrong type.
        """
        return from_table(cls, table, "")

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str]) -> Config:
        """Return the configuration in a TOML file.

        Raises
        ------
        ValueError, TypeError
            As in `from_table`, and if the file is no TOML.
        OSError
            If it cannot be read.
        """
        return cls.from_table(table_of(path))

    def table(self) -> dict[str, Any]:
        """Return nested dictionaries, which `from_table` reads."""
        return to_table(self)

    def having(self, changes: Mapping[str, Any]) -> Config:
        """Return a configuration with some entries changed, which are named as in "optimizer.lr".

        Raises
        ------
        ValueError, TypeError
            As in `from_table`.
        """
        table = self.table()
        for name, value in changes.items():
            section, _, entry = name.partition(".")
            choice(section, "section", [one.name for one in dataclasses.fields(self)])
            table[section][entry] = value
        return self.from_table(table)
