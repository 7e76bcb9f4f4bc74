"""How much faster sparse networks are when they are compacted, and below which density CSR pays.

Compacted: networks of the paper's experiments of which a part of the rows, filters or kernels is
alive. Dense and compact forward passes take turns; what is reported is the median of the ratio
within a turn. CSR: the density at which a product with a sparse matrix
takes the time of a dense one. Writes a table and the numbers.

usage: python benchmarks/compaction.py [--rounds 15] [--threads 1] [--device cpu] [--train]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
from pathlib import Path

import torch
from _timing import seconds
from rich.console import Console
from rich.table import Table
from torch import nn

from breglab.geometry import GroupL12
from breglab.nn import AdaBreg, models
from breglab.nn.compaction import break_even_density, compact
from breglab.nn.init import sparse_init_

RESULTS = Path(__file__).parent / "results"
GOAL = {"faster": 2.0, "deviation": 1e-5}


def rows(model, live):
    """Keep each row or filter of all layers but the last with probability ``live``."""
    layers = [m for m in model.modules() if isinstance(m, nn.Linear | nn.Conv2d)]
    with torch.no_grad():
        for layer in layers[:-1]:
            layer.weight[torch.rand(len(layer.weight), device=layer.weight.device) >= live] = 0
    return model


def kernels(model, live):
    """Keep a part ``live`` of the kernels, those of some inputs and some outputs."""
    with torch.no_grad():
        for conv in (m for m in model.modules() if isinstance(m, nn.Conv2d)):
            n_out, n_in = conv.weight.shape[:2]
            share = live if n_in <= 3 else live**0.5
            conv.weight[torch.rand(n_out, device=conv.weight.device) >= share] = 0
            if n_in > 3:
                conv.weight[:, torch.rand(n_in, device=conv.weight.device) >= share] = 0
    return model


def scattered(model, live):
    """Keep each kernel with probability ``live``, wherever it is."""
    with torch.no_grad():
        for conv in (m for m in model.modules() if isinstance(m, nn.Conv2d)):
            conv.weight[torch.rand(conv.weight.shape[:2], device=conv.weight.device) >= live] = 0
    return model


def trained(device, steps=800):
    """Return an autoencoder after training with AdaBreg and row groups, and its loss.

    The pictures are smooth and random; the loss is a fraction of their variance.
    """
    torch.manual_seed(0)
    model = models.Autoencoder(784).to(device)
    weights, biases = ([getattr(m, kind) for m in model.linears] for kind in ("weight", "bias"))
    sparse_init_(model, 0.05, groups="rows", generator=0)
    optimizer = AdaBreg(
        [{"params": weights}, {"params": biases, "regularizer": None}],
        1e-3,
        GroupL12("rows", 0.02),
    )
    shares = []
    for _ in range(steps):
        coarse = torch.rand(64, 1, 4, 4, device=device)
        clean = nn.functional.interpolate(coarse, (28, 28), mode="bilinear").flatten(1)
        loss = nn.functional.mse_loss(model(clean + 0.05 * torch.randn_like(clean)), clean)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        shares.append(loss.item() / clean.var().item())
    return model, statistics.mean(shares[-20:])


# Network, what is alive, input, whether the goal is for it.
def cases(train, device):
    picture, colour = (128, 1, 28, 28), (16, 3, 32, 32)
    found = [
        ("autoencoder, 30 % of rows", rows(models.Autoencoder(), 0.3), picture, True),
        ("autoencoder with skips, 30 % of rows",
         rows(models.Autoencoder(skips=True), 0.3), picture, True),
        ("ConvNet, 30 % of filters", rows(models.ConvNet(), 0.3), picture, True),
        ("ConvNet, 30 % of kernels in blocks", kernels(models.ConvNet(), 0.3), picture, True),
        ("ConvNet, 30 % of kernels, scattered", scattered(models.ConvNet(), 0.3), picture, False),
        ("ResNet-18, 30 % of filters", rows(models.ResNet18(), 0.3), colour, False),
        ("DenseNet, 30 % of filters", rows(models.DenseNet(), 0.3), colour, False),
    ]  # fmt: skip
    if train:
        model, loss = trained(device)
        live = [float((m.weight != 0).any(1).double().mean()) for m in model.linears[:-1]]
        label = f"autoencoder by AdaBreg, {statistics.mean(live):.0%} of rows, loss {loss:.2f}"
        found.append((label, model, picture, max(live) <= 0.3))
    return found


def measure(name, model, shape, is_goal, rounds, device):
    x = torch.randn(*shape, device=device)
    model = model.to(device).eval()
    small = compact(model, x)
    with torch.inference_mode():
        pairs = [
            (seconds(lambda: model(x), device), seconds(lambda: small(x), device))
            for _ in range(rounds + 2)
        ][2:]
    before, after = small.report.parameters
    return {
        "network": name,
        "parameters": [before, after],
        "dense_ms": 1e3 * statistics.median(d for d, _ in pairs),
        "compact_ms": 1e3 * statistics.median(s for _, s in pairs),
        "faster": statistics.median(d / s for d, s in pairs),
        "deviation": small.report.deviation,
        "goal": GOAL["faster"] if is_goal else None,
        "layers": [str(layer) for layer in small.report.layers],
    }


def csr(device):
    """Return the densities below which CSR pays, for square layers and numbers of examples."""
    return [
        {
            "width": n,
            "batch": batch,
            "density": break_even_density(n, n, batch=batch, device=device),
        }
        for n in (200, 784, 2048)
        for batch in (1, 16, 128, 1024)
    ]


def show(found, limits):
    table = Table("network", "parameters", "dense ms", "compact ms", "faster", "goal", "deviation")
    for row in found:
        before, after = row["parameters"]
        met = row["goal"] is None or row["faster"] >= row["goal"]
        goal = "" if row["goal"] is None else f"{'met' if met else 'MISSED'} (>= {row['goal']:g})"
        table.add_row(
            row["network"], f"{before:,} -> {after:,}", f"{row['dense_ms']:.2f}",
            f"{row['compact_ms']:.2f}", f"{row['faster']:.2f}x", goal, f"{row['deviation']:.0e}",
        )  # fmt: skip
    densities = Table("layer", "examples", "CSR pays below density")
    for row in limits:
        width = row["width"]
        densities.add_row(f"{width} x {width}", str(row["batch"]), f"{row['density']:.3g}")
    console = Console(width=130)
    console.print(table)
    console.print(densities)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--train", action="store_true", help="also compact a trained autoencoder")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    found = [
        measure(*case, options.rounds, options.device)
        for case in cases(options.train, options.device)
    ]
    limits = csr(options.device)
    show(found, limits)
    RESULTS.mkdir(exist_ok=True)
    name = torch.cuda.get_device_name() if options.device.startswith("cuda") else platform.machine()
    result = {
        "device": name,
        "threads": options.threads,
        "load": os.getloadavg()[0],
        "torch": torch.__version__,
        "compaction": found,
        "csr": limits,
    }
    path = RESULTS / f"compaction_{options.device.partition(':')[0]}.json"
    path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
