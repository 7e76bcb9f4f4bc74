"""Triton's kernels in tests: on a GPU, or else by Triton's interpreter on the CPU."""

from __future__ import annotations

import importlib.util
import os

import pytest
import torch

from breglab.nn.optim import _triton

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
if importlib.util.find_spec("triton") is None:
    REASON = "needs Triton, which torch for CUDA brings along"
elif DEVICE == "cpu" and os.environ.get("TRITON_INTERPRET") != "1":
    REASON = "needs Triton's interpreter (TRITON_INTERPRET=1) or a GPU"
else:
    REASON = ""


def use_triton(monkeypatch):
    """Let the optimizers take Triton's kernels; return the device for the parameters."""
    if REASON:
        pytest.skip(REASON)
    monkeypatch.setattr(_triton, "DEVICE", DEVICE)
    return DEVICE


def launched(optimizer):
    """Return the parameters that Triton's kernels step."""
    plans = [plan for _, _, plan in optimizer._plans.values()]
    return [
        p
        for found, _ in plans
        for batch in found
        if isinstance(batch, _triton.Launched)
        for p in batch.params
    ]
