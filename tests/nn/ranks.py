"""Processes with gloo that run a function on every rank, for tests."""

from __future__ import annotations

import contextlib
import io
import tempfile
import traceback
from datetime import timedelta
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

PATIENCE = 60.0  # seconds, on a machine that may be busy with other things


def bytes_of(value):
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def value_of(content):
    return torch.load(io.BytesIO(content), weights_only=False)


@contextlib.contextmanager
def group(rank, number, store):
    """Join a process group that meets in a file."""
    wait = timedelta(seconds=PATIENCE)
    dist.init_process_group(
        "gloo", init_method=f"file://{store}", rank=rank, world_size=number, timeout=wait
    )
    try:
        yield
    finally:
        dist.destroy_process_group()


def serve(rank, number, store, pipes):
    """Answer calls until the process is ended."""
    torch.set_num_threads(1)
    pipe = pipes[rank]
    with group(rank, number, store):
        while True:
            function, content = pipe.recv()
            try:
                answer = bytes_of(function(*value_of(content)))
            except Exception:
                answer = traceback.format_exc()
            pipe.send(answer)


class Ranks:
    """Processes started once, for many calls; a function has to be one of a module.

    What a rank raises is raised here, and the other ranks, which may wait for it, are ended.
    """

    def __init__(self, number):
        self.number = number
        self._folder = tempfile.TemporaryDirectory(prefix="ranks")
        self._context = None

    def __call__(self, function, *arguments):
        """Return what a function returns on each rank."""
        if self._context is None:
            self._start()
        for pipe in self._pipes:
            pipe.send((function, bytes_of(arguments)))
        answers = []
        for rank, pipe in enumerate(self._pipes):
            answer = pipe.recv() if pipe.poll(PATIENCE) else f"rank {rank} does not answer"
            if isinstance(answer, str):
                self.kill()
                raise AssertionError(f"rank {rank} of {self.number}: {answer}")
            answers.append(value_of(answer))
        return answers

    def _start(self):
        spawning = mp.get_context("spawn")
        self._pipes, theirs = zip(*(spawning.Pipe() for _ in range(self.number)), strict=True)
        store = Path(self._folder.name) / "store"
        store.unlink(missing_ok=True)
        self._context = mp.start_processes(
            serve,
            (self.number, store, theirs),
            nprocs=self.number,
            join=False,
            start_method="spawn",
        )

    def kill(self):
        if self._context is not None:
            for process in self._context.processes:
                process.kill()
                process.join()
            self._context = None

    def close(self):
        """End the processes for good."""
        self.kill()
        self._folder.cleanup()
