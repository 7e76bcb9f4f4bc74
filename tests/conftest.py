"""Property tests draw new examples at every local run, and always the same ones in CI."""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import settings

if not Path("/dev/nvidiactl").exists():
    # No GPU: Triton's kernels are interpreted, which Triton must know before torch imports it.
    os.environ.setdefault("TRITON_INTERPRET", "1")

settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
