"""A stop that lets the step in hand be finished."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class GracefulStop:
    """Takes the first SIGINT or SIGTERM down as a wish; the second one acts as it used to.

    Used as a context manager. Outside of the main thread, where Python has no signals, it does
    nothing; signals that are ignored, as under nohup, stay so.

    Attributes
    ----------
    signal : int
        The number of the signal that came, 0 if none has.
    """

    def __init__(self) -> None:
        self.signal = 0
        self._before: dict[int, Any] = {}

    def __bool__(self) -> bool:
        """Return whether a stop is wished."""
        return bool(self.signal)

    def __enter__(self) -> GracefulStop:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._wish)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._give_back()

    def _wish(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        self._give_back()

    def _give_back(self) -> None:
        while self._before:
            signal.signal(*self._before.popitem())
