"""Seeds of random numbers that depend on where they are drawn, and not on what came before."""

from __future__ import annotations

import hashlib

import torch


def generator(*key: int | str) -> torch.Generator:
    """Return a generator on the CPU, the same one for the same key.

    Parameters
    ----------
    *key : int or str
        What tells the draw from others: a seed, what is drawn, an epoch and a batch.
    """
    # Torch's generator takes 32 bits of a seed, so what differs in others must differ there too.
    digest = hashlib.sha256(repr(key).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:4]))
