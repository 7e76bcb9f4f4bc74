"""How much a step of LinBreg and AdaBreg costs, as a multiple of torch's own fused optimizers.

One process; every round times every optimizer once, in random order, so that what else the machine
does meets all of them alike; what is reported is the median over the rounds of the ratio within a
round. The parameters have the shapes of ResNet-18's. Writes a table and the numbers.

usage: python benchmarks/optimizer_step.py [--rounds 40] [--threads 1] [--device cpu] [--quick]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from _timing import seconds
from rich.console import Console
from rich.table import Table

from breglab.geometry import L1, GroupL12
from breglab.nn import AdaBreg, LinBreg

RESULTS = Path(__file__).parent / "results"
SGD, ADAM = "torch SGD, fused", "torch Adam, fused"

# First optimizer, second optimizer, most that the first may cost of the second.
GOALS = {
    "cpu": [
        ("LinBreg l1", SGD, 1.8),
        ("AdaBreg l1", ADAM, 1.45),
        ("LinBreg kernels", "LinBreg l1", 2.0),
        ("AdaBreg kernels", "AdaBreg l1", 2.0),
        ("LinBreg l1, no compiler", SGD, 2.3),
        ("AdaBreg l1, no compiler", ADAM, 1.75),
    ],
    "cuda": [
        ("LinBreg l1", SGD, 1.5),
        ("AdaBreg l1", ADAM, 1.25),
        ("LinBreg kernels", "LinBreg l1", 2.0),
        ("AdaBreg kernels", "AdaBreg l1", 2.0),
    ],
}
SECONDS = {"cold": 20.0, "warm": 2.0}


def resnet18():
    """Return the shapes of ResNet-18's convolutions (first), and of everything else."""
    convs = [(64, 3, 7, 7), *[(64, 64, 3, 3)] * 4]
    for before, width in ((64, 128), (128, 256), (256, 512)):
        convs += [(width, before, 3, 3), *[(width, width, 3, 3)] * 3, (width, before, 1, 1)]
    norms = [(conv[0],) for conv in convs for _ in range(2)]
    return convs, [*norms, (10, 512), (10,)]


def optimizers(device, quick):
    """Return what makes each optimizer from (convolutions, others)."""

    def regularised(cls, J, lr, **options):
        return lambda convs, others: cls(
            [{"params": convs}, {"params": others, "regularizer": None}], lr, J, **options
        )

    def torchs(cls, **options):
        return lambda convs, others: cls([*convs, *others], lr=1e-3, **options)

    found = {
        SGD: torchs(torch.optim.SGD, fused=True),
        "LinBreg l1": regularised(LinBreg, L1(0.1), 1e-3),
        "LinBreg kernels": regularised(LinBreg, GroupL12("kernels", 0.1), 1e-3),
        ADAM: torchs(torch.optim.Adam, fused=True),
        "AdaBreg l1": regularised(AdaBreg, L1(0.1), 1e-3),
        "AdaBreg kernels": regularised(AdaBreg, GroupL12("kernels", 0.1), 1e-3),
        "LinBreg l1, no compiler": regularised(LinBreg, L1(0.1), 1e-3, kernel="torch"),
        "AdaBreg l1, no compiler": regularised(AdaBreg, L1(0.1), 1e-3, kernel="torch"),
    }
    if not quick:
        found |= {
            "torch SGD": torchs(torch.optim.SGD),
            "torch Adam": torchs(torch.optim.Adam),
            "torch SGD, momentum": torchs(torch.optim.SGD, fused=True, momentum=0.9),
            "LinBreg l1, momentum": regularised(LinBreg, L1(0.1), 1e-3, momentum=0.9),
            "LinBreg l1, skip": regularised(LinBreg, L1(0.1), 1e-3, nonfinite="skip"),
            "LinBreg filters": regularised(LinBreg, GroupL12("filters", 0.1), 1e-3),
            "LinBreg kernels, no compiler": regularised(
                LinBreg, GroupL12("kernels", 0.1), 1e-3, kernel="torch"
            ),
        }
    return found


def parameters(shapes, device):
    generator = torch.Generator(device).manual_seed(0)
    made = []
    for shape in shapes:
        p = torch.randn(shape, generator=generator, device=device).mul_(0.01).requires_grad_()
        p.grad = torch.randn(shape, generator=generator, device=device).mul_(1e-3)
        made.append(p)
    return made


def measure(makers, device, rounds):
    """Return the seconds of each step, by name."""
    convs, others = resnet18()
    steps = {}
    for name, make in makers.items():
        steps[name] = make(parameters(convs, device), parameters(others, device)).step
    times = {name: [] for name in steps}
    order, shuffle = list(steps), random.Random(0).shuffle
    for _ in range(rounds + 3):
        shuffle(order)  # a step finds in the caches what the one before has left there
        for name in order:
            times[name].append(seconds(steps[name], device))
    return {name: own[3:] for name, own in times.items()}


def ratio(times, name, base):
    return statistics.median(a / b for a, b in zip(times[name], times[base], strict=True))


FIRST_STEP = """
import sys, time, torch
torch.set_num_threads(1)
from breglab.geometry import L1, GroupL12
from breglab.nn import AdaBreg, LinBreg
p = torch.zeros(8, 8, 3, 3, device=sys.argv[1], requires_grad=True); p.grad = torch.ones_like(p)
clock = time.perf_counter if p.is_cuda else time.process_time
begun = clock()
for cls in (LinBreg, AdaBreg):
    for J in (L1(0.1), GroupL12("kernels", 0.1)):
        cls([p], 1e-3, J).step()
if p.is_cuda:
    torch.cuda.synchronize()
print(clock() - begun)
"""


def first_steps(folder, device):
    """Return the seconds of the first steps of fresh processes, without and with compiled code."""
    found = {}
    for name in SECONDS:
        environment = {
            **os.environ,
            "NUMBA_CACHE_DIR": str(folder),
            "TRITON_CACHE_DIR": str(folder),
        }
        command = [sys.executable, "-c", FIRST_STEP, device]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        found[name] = float(done.stdout)
    return found


def report(times, first, device):
    """Return the rows of the goals: what, reached, goal, whether it is met."""
    rows = [
        (f"{name} / {base}", ratio(times, name, base), goal)
        for name, base, goal in GOALS[device]
        if name in times
    ]
    rows += [(f"first steps, {name}, in s", first[name], SECONDS[name]) for name in first]
    return [(what, reached, goal, reached <= goal) for what, reached, goal in rows]


def machine(device):
    return torch.cuda.get_device_name() if device == "cuda" else platform.machine()


def kernels(device):
    """Return what made the step: classes of batches, "two passes" where there is none."""
    params = parameters([(2, 3)], device)
    optimizer = LinBreg(params, 1e-3, L1(0.1))
    optimizer.step()
    names = [type(b).__name__ for _, _, plan in optimizer._plans.values() for b in plan[0]]
    return ", ".join(names) or "two passes"


def tables(times, goals):
    step = Table(title="One step (median over rounds)")
    for column in ("optimizer", "ms", "of SGD fused", "of Adam fused"):
        step.add_column(column, justify="left" if column == "optimizer" else "right")
    for name, own in times.items():
        relative = [f"{ratio(times, name, base):.2f}" for base in (SGD, ADAM)]
        step.add_row(name, f"{statistics.median(own) * 1e3:.2f}", *relative)
    aims = Table(title="Goals")
    for column in ("what", "reached", "goal", "met"):
        aims.add_column(column, justify="left" if column == "what" else "right")
    for what, reached, goal, met in goals:
        aims.add_row(what, f"{reached:.2f}", f"<= {goal:g}", "yes" if met else "no")
    return step, aims


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", choices=tuple(GOALS), default="cpu")
    parser.add_argument("--quick", action="store_true", help="only what the goals need")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda needs a GPU that torch sees")
    with tempfile.TemporaryDirectory() as folder:
        first = first_steps(folder, options.device)
    makers = optimizers(options.device, options.quick)
    times = measure(makers, options.device, options.rounds)
    goals = report(times, first, options.device)
    shown = tables(times, goals)
    Console().print(*shown)
    options.out.mkdir(parents=True, exist_ok=True)
    stem = options.out / f"optimizer_step_{options.device}"
    record = {
        "device": options.device,
        "machine": machine(options.device),
        "kernels": kernels(options.device),
        "threads": options.threads,
        "rounds": options.rounds,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "parameters": sum(torch.Size(s).numel() for part in resnet18() for s in part),
        "median_ms": {name: statistics.median(own) * 1e3 for name, own in times.items()},
        "goals": [dict(zip(("what", "reached", "goal", "met"), g, strict=True)) for g in goals],
    }
    stem.with_suffix(".json").write_text(json.dumps(record, indent=2) + "\n")
    with stem.with_suffix(".txt").open("w") as file:
        Console(file=file, width=100).print(*shown)


if __name__ == "__main__":
    main()
