"""The clock of the benchmarks of training."""

from __future__ import annotations

import time

import torch


def seconds(work, device="cpu"):
    """Return the seconds that a function takes.

    On one thread of a CPU it is the time of that thread, which other programs do not add to.
    """
    on_gpu = torch.device(device).type == "cuda"
    alone = not on_gpu and torch.get_num_threads() == 1
    clock = time.thread_time if alone else time.perf_counter
    begun = clock()
    work()
    if on_gpu:
        torch.cuda.synchronize()
    return clock() - begun
