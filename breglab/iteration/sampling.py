"""Which iterates a trace keeps."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from breglab._checks import count, positive

Sampling = Callable[[int], bool]
"""Whether iterate k is kept; the first and the last always are."""


@dataclass(frozen=True)
class Every:
    """Keep every `n`-th iterate.

    Parameters
    ----------
    n : int
        At least 1, which keeps all.

    Raises
    ------
    TypeError, ValueError
        If `n` is not an integer >= 1.

    Examples
    --------
    >>> from breglab.iteration import Every
    >>> [k for k in range(9) if Every(4)(k)]
    [0, 4, 8]
    """

    n: int = 1

    def __post_init__(self) -> None:
        count(self.n, "n")

    def __call__(self, k: int) -> bool:
        """Return whether iterate k is kept."""
        return k % self.n == 0


@dataclass(frozen=True)
class LogSpaced:
    """Keep about `per_decade` iterates in every decade of k, and all of the first ones.

    Parameters
    ----------
    per_decade : float
        Greater than 0.

    Raises
    ------
    TypeError, ValueError
        If `per_decade` is not a finite number > 0.

    Examples
    --------
    >>> from breglab.iteration import LogSpaced
    >>> sample = LogSpaced(3)
    >>> len([k for k in range(1001) if sample(k)]) < 20
    True
    """

    per_decade: float = 20.0

    def __post_init__(self) -> None:
        positive(self.per_decade, "per_decade")

    def __call__(self, k: int) -> bool:
        """Return whether iterate k is kept."""
        return k <= 1 or self._bin(k) > self._bin(k - 1)

    def _bin(self, k: int) -> int:
        # The tiny shift puts exact powers of ten, whose logarithm may round down, in their bin.
        return math.floor(self.per_decade * math.log10(k) + 1e-12)
