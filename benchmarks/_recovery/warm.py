"""A first run on small data, so that what compiles or is imported on first use is not timed."""

from __future__ import annotations

import contextlib
import dataclasses
import functools

from _recovery import ours
from _recovery.clock import quiet
from _recovery.families import Case
from _recovery.peers import PEERS


def like(case: Case) -> Case:
    """Return a small case of the same kind."""
    return dataclasses.replace(case, m=40, n=160, k=3, family="", peers=(), ours=())


@functools.cache
def warm(name: str, small: Case) -> None:
    """Let a solver compile and import what it needs."""
    problem = small.problem(0)
    if name in ours.ENTRIES:
        with ours.entered(name):
            ours.solve(problem)
        return
    peer = PEERS[name]
    with quiet(), contextlib.suppress(Exception):  # it gets its chance on the instance itself
        peer.solve(peer.prepare(problem), *peer.chains[0][0])
