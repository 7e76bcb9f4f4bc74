"""Figure 5: noisy, denoised and clean test images, and how similar they are (Section 4.6)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
import torch
from _framework import Claim, Experiment, Job, Runs, comparison, mean, packed, unpacked
from _framework.after import after, kept, trainer_of
from _framework.denoising import ADABREG, ADAM, FALLING, MOMENTUM, PROTOCOLS, SGD, training
from _framework.runs import Numbers
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from breglab.nn.compaction import compact
from breglab.plotting.style import style

SHOWN = 8


def plan(protocol: str) -> list[Job]:
    """Return all runs, looked at on the test images."""
    return [after(job, denoised) for job in training(protocol)]


def denoised(settings: Mapping[str, Any], seed: int, folder: Path) -> dict[str, Any]:
    """Return the mean similarity over the whole test set, in float32, and the first images.

    The network is compacted for this: the smaller one has the same outputs up to rounding.
    """
    trainer = trainer_of(settings, seed, folder)
    clean, _ = trainer.tensors["test"]
    noisy = trainer.task.inputs(clean, trainer.config.training.seed, "test", "similarity")
    small = compact(trainer.model, clean[:1])
    with torch.no_grad():
        # Pixels are known to be in [0, 1]; the same holds for the noisy ones in the comparison.
        images = torch.cat([small(part) for part in torch.split(noisy, 1000)]).clamp(0.0, 1.0)
    arrays = [np.asarray(x.squeeze(1)) for x in (noisy.clamp(0.0, 1.0), images, clean)]
    found = kept(settings, seed, folder)
    final = {
        **found["final"],
        "ssim": similarity(arrays[1], arrays[2]),
        "ssim_noisy": similarity(arrays[0], arrays[2]),
        "parameters": sum(p.numel() for p in small.parameters()),
    }
    pictures = {
        name: packed(np.concatenate(list(values[:SHOWN]), axis=1))
        for name, values in zip(("noisy", "denoised", "clean"), arrays, strict=True)
    }
    return {**found, "final": final, "images": pictures}


def similarity(images: Numbers, clean: Numbers) -> float:
    """Return the mean structural similarity of pairs of images in [0, 1], shape (n, h, w)."""
    from skimage.metrics import structural_similarity

    return float(np.mean([
        structural_similarity(a, b, data_range=1.0) for a, b in zip(images, clean, strict=True)
    ]))  # fmt: skip


def draw(runs: Runs) -> Any:
    """Draw rows of test images: noisy, denoised by each method, clean."""
    first = {label: runs.of(label)[0] for label in (ADABREG, FALLING, SGD, MOMENTUM, ADAM)}
    strips = {"noisy": (first[ADABREG], "noisy", "ssim_noisy")}
    strips |= {label: (run, "denoised", "ssim") for label, run in first.items()}
    with style():
        # Labels of images that are narrower than their room stand out to the left.
        layout = ConstrainedLayoutEngine(rect=(0.03, 0.0, 0.97, 1.0))
        figure = Figure(figsize=(7.2, 5.6), layout=layout)
        axes = figure.subplots(len(strips) + 1, 1)
        for panel, (label, (run, key, score)) in zip(axes, strips.items(), strict=False):
            words = f"{fill(label, 14)}\nSSIM {mean(runs.final(run['label'], score)):.3f}"
            _strip(panel, run["images"][key], words)
        _strip(axes[-1], first[ADABREG]["images"]["clean"], "clean\nSSIM 1")
    return figure


def _strip(panel: Any, image: str, words: str) -> None:
    panel.imshow(unpacked(image), cmap="gray", vmin=0.0, vmax=1.0, interpolation="nearest")
    panel.set_ylabel(words, rotation=0, ha="right", va="center", fontsize=9)
    panel.set_xticks([])
    panel.set_yticks([])
    panel.grid(visible=False)


def table(runs: Runs) -> str:
    """Return similarities and weights."""

    def read(name: str) -> Any:
        return lambda runs, label: 100.0 * runs.final(label, name)

    return comparison(
        runs,
        "figure_5",
        [
            ("SSIM", "ssim", read("ssim")),
            ("SSIM of the noisy images", "noisy", read("ssim_noisy")),
            ("weights that are not zero", "density", read("density")),
        ],
        "The similarity (SSIM) is a mean over the test set, in percent of 1, that of equal images.",
    )


def claims(runs: Runs) -> list[Claim]:
    """Return how sparse networks denoise beside what the paper says and beside dense ones."""
    ours, dense = mean(runs.final(ADABREG, "ssim")), mean(runs.final(SGD, "ssim"))
    density = mean(runs.final(ADABREG, "density"))
    fewer = mean(runs.final(FALLING, "ssim")), 100 * mean(runs.final(FALLING, "density"))
    rivals = {label: mean(runs.final(label, "ssim")) for label in (MOMENTUM, ADAM)}
    return [
        Claim("AdaBreg's mean SSIM over the test set is at least 0.93", ours >= 0.93,
              f"{ours:.4f} with {100 * density:.1f} % of the weights; with a falling step "
              f"{fewer[0]:.4f} with {fewer[1]:.1f} %"),
        Claim("AdaBreg's mean SSIM is above that of dense SGD as the paper has it", ours > dense,
              f"{ours:.4f} against {dense:.4f}"),
        Claim("It is above those of dense SGD with momentum and of Adam too",
              ours > max(rivals.values()),
              ", ".join(f"{label}: {value:.4f}" for label, value in rivals.items())),
    ]  # fmt: skip


EXPERIMENT = Experiment(
    "Figure 5: images denoised by the autoencoder that nobody drew",
    plan,
    table,
    PROTOCOLS,
    draw,
    claims,
    vector=False,
    alt="Rows of handwritten digits: noisy, denoised by AdaBreg, SGD and Adam, and clean, "
    "with the mean structural similarity of each row.",
)
