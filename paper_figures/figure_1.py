"""Figure 1: feature maps of the first convolution, which are added one after the other.

LinBreg with one group for each kernel trains the ConvNet of Table 2 (Section 4.4). The maps are
those of a test image, before the bias, each divided by its largest value: grey is zero, and a
kernel that is zero is grey all over.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from _framework import Claim, Experiment, Job, Runs, packed, training_jobs, unpacked
from _framework.fashion import FROM_GROUPS, common
from _framework.rows import sparse
from _framework.runs import Numbers
from _framework.training import config_of, described, run_of
from torch.nn import functional as F

from breglab._files import replaced
from breglab.nn.data import load
from breglab.nn.training import Config
from breglab.nn.training.tasks import divide, task_of
from breglab.plotting import reconstructions

EPOCHS = {"full": (0, 5, 20, 100), "reduced": (0, 5, 10, 25), "smoke": (0, 1, 2, 3)}
PROTOCOLS = {
    "full": "Fashion-MNIST with 5,000 validation images, 100 epochs, seed 0; mixed precision "
    "(bfloat16).",
    "reduced": "REDUCED: Fashion-MNIST with 5,000 validation images, 25 epochs instead of 100, "
    "maps after 0, 5, 10 and 25 of them, seed 0; mixed precision (bfloat16).",
    "smoke": "A trial on scikit-learn's digits, 3 epochs, seed 0: it shows that the commands work "
    "and nothing about the paper.",
}
CHOICE = (
    " Step size, lam and gain are ours (0.2; 0.35, and 0.12 for kernels; 0.25), and the authors' "
    "rule for the step size halves it when the loss rests."
)
LABEL = "LinBreg"
TINY = float(np.finfo(np.float32).tiny)


def plan(protocol: str) -> list[Job]:
    """Return the run."""
    lam = {"linear": 0.35, "conv": 0.12}
    sections = sparse({"name": "linbreg", "lr": 0.2}, lam, groups=True, gain=0.25)
    # The step size must not depend on the last epoch: the run is made in parts.
    own = {
        **sections,
        "schedule": {"name": "plateau"},
        "training": {"epochs": EPOCHS[protocol][-1]},
    }
    (job,) = training_jobs(common(protocol), [(LABEL, own)], [0])
    return [Job(LABEL, job.seed, grown, {**job.settings, "epochs": EPOCHS[protocol]})]


def grown(settings: Mapping[str, Any], seed: int, folder: Path) -> dict[str, Any]:
    """Train up to each of the epochs, and look at the first layer there."""
    config = config_of(settings, seed)
    images = load(config.data.name, config.data.folder or None)
    splits = divide(images, config.data.validation, seed)
    pixels, _ = task_of(config.data, splits["train"]).tensors(splits["test"], torch.float32)
    weights = [kernels(config, epoch, folder) for epoch in settings["epochs"]]
    run = run_of(config, folder)  # all of it is done
    padding = first_convolution(run.model).padding
    maps = [F.conv2d(pixels[:1], w, padding=padding)[0].numpy() for w in weights]
    pictures = [
        0.5 + 0.5 * m / np.maximum(np.abs(m).max((1, 2), keepdims=True), TINY) for m in maps
    ]
    return {
        **described(config, run, folder),
        "image": packed(images.test.images[0, 0].float().numpy() / float(images.test.images.max())),
        "snapshots": [
            {"epoch": epoch, "kernels": int((w != 0).flatten(1).any(1).sum()), "of": len(w),
             "maps": packed(mosaic(picture))}
            for epoch, w, picture in zip(settings["epochs"], weights, pictures, strict=True)
        ],
    }  # fmt: skip


def kernels(config: Config, epoch: int, folder: Path) -> torch.Tensor:
    """Return the kernels of the first layer after an epoch, trained up to there.

    They are kept in a file: a run that goes on where it was stopped has passed earlier epochs.
    """
    path = folder / f"kernels_{epoch}.npy"
    if not path.exists():
        run = run_of(config.having({"training.epochs": epoch}), folder)
        found = first_convolution(run.model).weight.detach().float().cpu()
        with replaced(path) as file:
            np.save(file, found.numpy())
    return torch.from_numpy(np.load(path))


def first_convolution(model: torch.nn.Module) -> torch.nn.Conv2d:
    """Return the first convolution of a network."""
    return next(m for m in model.modules() if isinstance(m, torch.nn.Conv2d))


def mosaic(maps: Numbers) -> Numbers:
    """Return maps of shape (n, h, w), n a square number, as one image with white lines."""
    side = round(len(maps) ** 0.5)
    framed = np.pad(maps, ((0, 0), (0, 1), (0, 1)), constant_values=1.0)
    rows = [np.concatenate(framed[i * side : (i + 1) * side], axis=1) for i in range(side)]
    return np.pad(np.concatenate(rows), ((1, 0), (1, 0)), constant_values=1.0)


def draw(runs: Runs) -> Any:
    """Draw the maps at each of the epochs beside the image."""
    (run,) = runs.runs
    shots = run["snapshots"]
    words = [f"epoch {s['epoch']}: {s['kernels']} of {s['of']} kernels" for s in shots]
    images = [unpacked(run["image"]), *(unpacked(s["maps"]) for s in shots)]
    return reconstructions(images, ["a test image", *words], columns=5)


def table(runs: Runs) -> str:
    """Return the number of kernels."""
    (run,) = runs.runs
    rows = [f"| {s['epoch']} | {s['kernels']} of {s['of']} |" for s in run["snapshots"]]
    accuracy = 100.0 * run["final"]["test_accuracy"]
    return "\n".join(["| epoch | kernels of the first layer |", "|---:|---:|", *rows, "",
                      f"Test accuracy at the end: {accuracy:.2f} %."])  # fmt: skip


def claims(runs: Runs) -> list[Claim]:
    """Return that kernels are added gradually, and stay."""
    (run,) = runs.runs
    numbers = [s["kernels"] for s in run["snapshots"]]
    shown = ", ".join(map(str, numbers))
    return [
        Claim("Kernels are added gradually: more after the second and third picture than before",
              numbers[0] < numbers[1] < numbers[2], shown),
        Claim("From the third picture on the number stays within two kernels",
              abs(numbers[3] - numbers[2]) <= 2, shown),
    ]  # fmt: skip


EXPERIMENT = Experiment(
    "Figure 1: feature maps of the first convolution",
    plan,
    table,
    {name: means + FROM_GROUPS + CHOICE for name, means in PROTOCOLS.items()},
    draw,
    claims,
    vector=False,
    alt="A test image and four mosaics of 64 feature maps: nearly all are empty at first, and more "
    "of them show outlines of the image later.",
)
