"""Seconds, memory and products of a call.

Seconds are processor seconds of this process: with one thread they are wall-clock seconds on an
idle machine, and they stay right on a busy one. Memory is the growth of the largest resident set
(`resource.getrusage`) in a forked child, so that compiled libraries are seen too.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import io
import logging
import os
import resource
import signal
import sys
import time
import warnings

import numpy as np
from scipy.sparse.linalg import LinearOperator, aslinearoperator

PAGE = 1 if sys.platform == "darwin" else 1024
"""Unit of ru_maxrss in bytes."""


class TooLong(Exception):
    """A call was stopped at its time limit."""


@contextlib.contextmanager
def quiet():
    """Keep what peers print, log and warn from the terminal."""
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging.NOTSET)


@contextlib.contextmanager
def limited(seconds):
    """Raise `TooLong` after so many processor seconds; compiled code ends its call first.

    The alarm is one of wall-clock time that looks at the processor time: while a timer of processor
    time is armed, some kernels measure that in ticks of milliseconds only.
    """
    end = time.process_time() + seconds

    def look(number, frame):
        if time.process_time() > end:
            raise TooLong(f"stopped after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, *2 * (max(seconds / 20.0, 0.01),))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)


def timed(call):
    """Return what a call returns, and its processor seconds; no garbage is collected in them."""
    gc.disable()
    try:
        begun = time.process_time()
        result = call()
        return result, time.process_time() - begun
    finally:
        gc.enable()


def peak_memory(call, rehearse):
    """Return the bytes that a call needs beyond what is there before it, None if it fails.

    Parameters
    ----------
    call : function
        What is measured, in a forked child.
    rehearse : function
        The same on small data, called first: a process takes up the pages of a library's code only
        when it runs, and they are not meant.
    """
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        # What was freed goes back, or the call would use it again unseen.
        ctypes.CDLL(None).malloc_trim(0)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _report_growth(call, rehearse, writer)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return int(answer) if answer else None


def _report_growth(call, rehearse, writer):
    """Write the growth to a pipe and end the process, whatever happens."""
    try:
        rehearse()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        call()
        growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os.write(writer, str(growth * PAGE).encode())
    finally:
        os._exit(0)


class Counted(LinearOperator):
    """An operator that counts its products, with A and with its adjoint alike."""

    def __init__(self, A):
        self._operator = aslinearoperator(A)
        self.products = 0
        super().__init__(np.dtype(self._operator.dtype), self._operator.shape)

    def _matvec(self, x):
        self.products += 1
        return self._operator.matvec(x)

    def _rmatvec(self, y):
        self.products += 1
        return self._operator.rmatvec(y)
