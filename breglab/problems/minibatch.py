"""The gradient of a few terms of a finite sum, drawn without replacement."""

from __future__ import annotations

import itertools
import math

import array_api_compat
import numpy as np

from breglab._checks import Array, Scalar, count
from breglab.problems.finite_sum import FiniteSum
from breglab.problems.loss import Loss
from breglab.problems.oracle import NotEnumerable, Oracle, check_generator

MAX_ATOMS = 5000
"""The largest number of batches that `MiniBatch.atoms` enumerates."""


class MiniBatch(Oracle):
    """g = the mean gradient of a uniformly drawn batch of terms, without replacement.

    Its variance is that of a mean in sampling from a finite population: with the term gradients
    g_i, their mean g and s = size,

        E|g_batch - g|^2 = (m - s) / (s (m - 1)) * (1/m) sum_i |g_i - g|^2.

    Parameters
    ----------
    loss : FiniteSum
        The loss, with m terms.
    size : int
        Terms in a batch, from 1 to m; kept as ``batch_size``.

    Raises
    ------
    TypeError
        If ``loss`` is not a finite sum or ``size`` not an integer.
    ValueError
        If ``size`` is not between 1 and m.

    Notes
    -----
    The variance: Cochran, Sampling Techniques, 3rd ed., Wiley 1977.
    """

    def __init__(self, loss: Loss, size: int = 1) -> None:
        if not isinstance(loss, FiniteSum):
            raise TypeError(f"loss must be a finite sum of terms, got {type(loss).__name__}")
        super().__init__(loss)
        self._sum = loss
        self.batch_size = count(size, "size")
        if size > loss.terms:
            raise ValueError(f"size must be <= {loss.terms}, the number of terms, got {size}")

    @property
    def sigma(self) -> float:
        """A bound from bounded slopes: finite for Huber and logistic losses, else ``math.inf``."""
        factor = self._population_factor()
        return math.sqrt(factor * self._sum.spread_bound) if factor > 0 else 0.0

    def sample(self, theta: Array, rng: np.random.Generator) -> Array:
        """Draw one batch gradient for each point; see `Oracle.sample`."""
        check_generator(rng)
        xp = array_api_compat.array_namespace(self.loss.checked(theta))
        members = math.prod(theta.shape[:-1])
        drawn = [
            rng.choice(self._sum.terms, self.batch_size, replace=False, shuffle=False)
            for _ in range(members)
        ]
        batches = np.reshape(drawn, (*theta.shape[:-1], self.batch_size))
        rows = xp.asarray(batches, device=array_api_compat.device(theta))
        return self._sum.batch_gradient(theta, rows)

    def atoms(self, theta: Array) -> tuple[Array, Array]:
        """Return the law over all batches: shapes ``(s,)`` and ``(s, ..., n)``.

        Raises
        ------
        TypeError, ValueError
            As in `Loss.value`.
        NotEnumerable
            If there are more than `MAX_ATOMS` batches.
        """
        batches = math.comb(self._sum.terms, self.batch_size)
        if batches > MAX_ATOMS:
            raise NotEnumerable(
                f"atoms enumerates at most {MAX_ATOMS} batches, "
                f"got {batches} of size {self.batch_size}"
            )
        components = self._sum.component_gradients(theta)
        xp = array_api_compat.array_namespace(components)
        device = array_api_compat.device(components)
        chosen = np.array(list(itertools.combinations(range(self._sum.terms), self.batch_size)))
        rows = xp.asarray(chosen.ravel(), device=device)
        taken = xp.reshape(
            xp.take(components, rows, axis=0), (batches, self.batch_size, *components.shape[1:])
        )
        probabilities = xp.full((batches,), 1.0 / batches, dtype=taken.dtype, device=device)
        return probabilities, xp.mean(taken, axis=1)

    def variance(self, theta: Array) -> Scalar:
        """Return E|g_batch - g|^2 by the finite-population formula, shape ``(...)``."""
        components = self._sum.component_gradients(theta)
        xp = array_api_compat.array_namespace(components)
        deviations = components - xp.mean(components, axis=0, keepdims=True)
        population = xp.mean(xp.sum(deviations * deviations, axis=-1), axis=0)
        return self._population_factor() * population

    def _population_factor(self) -> float:
        m = self._sum.terms
        return (m - self.batch_size) / (self.batch_size * max(m - 1, 1))
