"""What training with row groups costs, as a share of dense SGD, and what accuracy it reaches.

Dense SGD and LinBreg with groups of rows (filters), whose dead ones are left out in frozen steps
(`breglab.nn.sparse_training`), train the same network on the same batches in one process, in turn
for a block of steps each, with step sizes that fall linearly to 0; the times are those of the
thread. `SETTINGS` and `start` are what the table of sparse training takes.

usage: python benchmarks/row_groups.py [--network mlp] [--epochs 5] [--seeds 1] [--data FOLDER]
"""

from __future__ import annotations

import argparse
import json
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from _timing import seconds
from torch.nn.functional import cross_entropy

from breglab.geometry import GroupL12
from breglab.nn import LinBreg, density, sparse_init_, sparse_parameter_groups, sparse_training
from breglab.nn.data import load
from breglab.nn.data.batches import Batches
from breglab.nn.models.convnet import ConvNet
from breglab.nn.models.mlp import MLP

RESULTS = Path(__file__).parent / "results"
BATCH, BLOCK = 128, 51


@dataclass(frozen=True)
class Setting:
    """A network and how it is trained.

    Attributes
    ----------
    linear, conv : float
        Share of the rows of linear layers and of the filters that are alive at the start.
    head : str
        The weight of the last layer, which is not regularised: its rows are the classes.
    gain : float
        Factor of the weights at the start.
    lam, lr, frozen_steps
        Of LinBreg; dense SGD has the same step sizes.
    """

    linear: float
    conv: float
    head: str
    lam: float
    lr: float = 0.1
    frozen_steps: int = 50
    gain: float = 1.0


SETTINGS = {
    "mlp": Setting(linear=0.15, conv=1.0, head="layers.5.weight", lam=2e-3, lr=0.4, gain=0.7),
    "convnet": Setting(0.25, 0.25, head="layers.9.weight", lam=5e-3, lr=0.15, gain=0.7),
}


def network(name, seed):
    """Return a dense network as torch starts it."""
    torch.manual_seed(seed)
    return MLP((784, 2048, 2048, 10)) if name == "mlp" else ConvNet()


def start(name, seed, setting=None):
    """Return a network with few live rows, its optimizer, and the context of its training."""
    own = setting or SETTINGS[name]
    model = network(name, seed)
    rows = {"linear": own.linear, "conv": own.conv}
    layouts = {"linear": "rows", "conv": "filters"}
    sparse_init_(model, rows, groups=layouts, gain=own.gain, exclude=[own.head], generator=seed)
    groups = sparse_parameter_groups(
        model,
        linear=GroupL12("rows", own.lam),
        conv=GroupL12("filters", own.lam),
        exclude=[own.head],
    )
    optimizer = LinBreg(groups, own.lr, None, frozen_steps=own.frozen_steps)
    return model, optimizer, sparse_training(model, optimizer)


def standardised(images, like):
    """Return images with the mean and the spread of those to train with as 0 and 1."""
    x = like.float()
    return (images.float() - x.mean()) / x.std()


@torch.no_grad()
def accuracy(model, images, labels):
    """Return the share of test images that are classified rightly, in per cent."""
    model.eval()
    right = sum(
        int((model(x).argmax(1) == y).sum())
        for x, y in zip(images.split(1000), labels.split(1000), strict=True)
    )
    model.train()
    return 100 * right / len(labels)


def compare(name, data, epochs, seed, dense=True, setting=None):
    """Train both in turn; return their times and accuracies after each epoch."""
    train, test = data.train, data.test
    x, tx = (standardised(part.images, train.images) for part in (train, test))
    batches = Batches(x, train.labels, size=BATCH, seed=seed)
    model, optimizer, context = start(name, seed, setting)
    runs = {"rows": (model, optimizer)}
    if dense:
        plain = network(name, seed)
        lr = (setting or SETTINGS[name]).lr
        runs["dense SGD"] = (plain, torch.optim.SGD(plain.parameters(), lr))
    total = epochs * len(batches)
    decays = {
        run: torch.optim.lr_scheduler.LambdaLR(pair[1], lambda step: 1 - step / (total + 1))
        for run, pair in runs.items()
    }
    clocks, found = dict.fromkeys(runs, 0.0), []

    def steps(run, block):
        model, optimizer = runs[run]
        for images, labels in block:
            optimizer.zero_grad()
            cross_entropy(model(images), labels).backward()
            optimizer.step()
            decays[run].step()

    with context:
        for epoch in range(epochs):
            stream = list(batches.epoch(epoch))
            for first in range(0, len(stream), BLOCK):
                block = stream[first : first + BLOCK]
                for run in runs:
                    clocks[run] += seconds(lambda run=run, block=block: steps(run, block))
            row = {run: accuracy(pair[0], tx, test.labels) for run, pair in runs.items()}
            with context.whole():
                share = density(model)
            found.append({"epoch": epoch + 1, "accuracy": row, "seconds": dict(clocks),
                          "density": float(share), "rows": float(share.rows)})  # fmt: skip
            print(found[-1], flush=True)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", choices=list(SETTINGS), default="mlp")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--data", default=None)
    given = parser.parse_args()
    torch.set_num_threads(1)
    data = load("fashion-mnist", given.data)
    record = {
        "network": given.network,
        "images": data.name,
        "setting": asdict(SETTINGS[given.network]),
        "torch": str(torch.__version__),
        "machine": platform.machine(),
        "runs": [compare(given.network, data, given.epochs, seed) for seed in range(given.seeds)],
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"row_groups_{given.network}.json"
    path.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
