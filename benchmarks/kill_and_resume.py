"""Training runs that are killed at random moments end with the bits of one that is left alone.

A small run on scikit-learn's digits writes a checkpoint every few steps. It is started again and
again, and killed (SIGKILL) at random moments of its steps and checkpoints; then it is left to end.
Its weights have to equal those of an uninterrupted run, bit by bit.

usage: python benchmarks/kill_and_resume.py [--kills 20] [--seed 0]
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from breglab.nn.training import Checkpoints, train

SETTINGS = {
    "initialization": {"density": 0.1},
    "optimizer": {"name": "adabreg", "lr": 1e-3},
    "control": {"name": "feedback", "target_density": 0.2},
    "training": {"epochs": 800, "checkpoint_steps": 5, "device": "cpu"},
}


def child(folder):
    """Train in a process of its own."""
    torch.set_num_threads(1)
    ready = iter(["ready\n"])  # at the first step: imports are not what is to be interrupted

    def on_progress(*_):
        sys.stdout.write(next(ready, ""))
        sys.stdout.flush()

    train(SETTINGS, folder, on_progress=on_progress)


def start(folder):
    command = [sys.executable, __file__, "--child", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    process.stdout.readline()
    return process


def position(folder):
    """Return how many steps the newest checkpoint knows of; it must be a whole one."""
    found = Checkpoints(folder / "checkpoints").latest()
    return found["position"][2] if found else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child)
        return
    torch.set_num_threads(1)
    rng = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "run"
        hits = 0
        while hits < given.kills:
            process = start(folder)
            time.sleep(rng.uniform(0.0, 0.4))
            process.kill()
            if process.wait() != -signal.SIGKILL:
                sys.exit(f"The run ended after {hits} kills; it has to be longer.")
            hits += 1
            print(f"kill {hits}: a whole checkpoint at step {position(folder)}", flush=True)
        if start(folder).wait():
            sys.exit("The last start failed.")
        killed = torch.load(folder / "model.pt", weights_only=True)
    whole = train(SETTINGS).model.state_dict()
    equal = all(torch.equal(killed[name], value) for name, value in whole.items())
    print(f"{hits} kills; weights equal those of an uninterrupted run: {equal}")
    sys.exit(not equal)


if __name__ == "__main__":
    main()
