"""The Huber loss: least squares for small residuals, least absolute values for large ones."""

from __future__ import annotations

from typing import Any

import array_api_compat

from breglab._checks import Array, positive
from breglab.problems._design import Design
from breglab.problems._targets import right_hand_side
from breglab.problems.finite_sum import FiniteSum


class Huber(FiniteSum):
    """L(theta) = sum_i h(a_i . theta - b_i), robust against outliers in b.

    h(r) = r^2/2 for |r| <= threshold, and threshold (|r| - threshold/2) beyond (Huber 1964).
    L is the largest eigenvalue of A^T A, with the exactness of `LeastSquares`; mu is 0.0.

    Parameters
    ----------
    A : array, sparse array or scipy.sparse.linalg.LinearOperator
        Shape ``(m, n)``.
    b : array
        Shape ``(m,)``, of the library and dtype of ``A`` (NumPy for sparse and operators).
    threshold : float
        Where the quadratic ends, > 0, in the units of b.

    Raises
    ------
    TypeError, ValueError
        As in `LeastSquares`, or if ``threshold`` is not a finite number > 0.

    Examples
    --------
    >>> import numpy as np
    >>> from breglab.problems import Huber
    >>> loss = Huber(np.eye(2), np.array([0.5, 10.0]), 1.0)
    >>> loss.gradient(np.zeros(2)).tolist()
    [-0.5, -1.0]
    """

    def __init__(self, A: Any, b: Array, threshold: float = 1.0) -> None:
        self.threshold = self.slope_bound = positive(threshold, "threshold")
        design = Design(A, "A")
        super().__init__(design, right_hand_side(b, design)[None, :])

    @property
    def lipschitz(self) -> float:
        """Largest eigenvalue of A^T A, or an upper bound of it."""
        return self._design.gram_norm

    def _link(self, predictions: Array, targets: Array) -> tuple[Array, Array]:
        xp = array_api_compat.array_namespace(predictions)
        residual = predictions - targets
        slope = xp.clip(residual, -self.threshold, self.threshold)
        return slope * (residual - slope / 2), slope
