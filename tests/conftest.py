"""What all tests share: examples that CI does not draw anew, and signals that arrive.

Property tests draw new examples at every local run, and always the same ones in CI.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from hypothesis import settings

if not Path("/dev/nvidiactl").exists():
    # No GPU: Triton's kernels are interpreted, which Triton must know before torch imports it.
    os.environ.setdefault("TRITON_INTERPRET", "1")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's background job ignores Ctrl-C, and so would the runs that the tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
