"""The problems of sparse recovery, as the methods see them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from breglab._checks import Array
from breglab.solvers.linear_map import LinearMap


@dataclass(frozen=True, eq=False)
class Constrained:
    """``min lam |x|_1 + |x|^2/(2 delta)`` subject to ``|A x - b| <= sigma``.

    Basis pursuit is sigma = 0, lam = 1, delta = inf.

    Attributes
    ----------
    A : LinearMap
        Shape (m, n).
    b : array, shape (m,)
        Data, of the dtype of A.
    sigma, lam, delta : float
        See above.
    """

    A: LinearMap
    b: Array
    sigma: float = 0.0
    lam: float = 1.0
    delta: float = math.inf


@dataclass(frozen=True, eq=False)
class Penalized:
    """``min |A x - b|^2/2 + lam |x|_1`` (no division by m), the lasso; attributes as above."""

    A: LinearMap
    b: Array
    lam: float


Task = Constrained | Penalized
"""What is to be solved."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """What a method claims: a primal and a dual point; the checker decides.

    Attributes
    ----------
    x : array, shape (n,)
        Primal point.
    y : array, shape (m,)
        Dual point: A^H y a subgradient of the objective's regulariser at x, nearly. Need not be
        feasible; the checker scales it.
    iterations : int
        In the method's own count.
    method : str
        Name of the method.
    message : str
        What a person should know: why it stopped short.
    otherwise : function without arguments, optional
        What to try if the checker refuses: returns another candidate. With it a method may leave
        to the checker what that has to compute anyway.
    """

    x: Array
    y: Array
    iterations: int
    method: str
    message: str = ""
    otherwise: Callable[[], Candidate] | None = None
