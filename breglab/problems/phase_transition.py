"""How many random measurements basis pursuit needs: the statistical dimension of the l1 norm."""

from __future__ import annotations

import math

from breglab._checks import count


def statistical_dimension(n: int, k: int) -> float:
    """Return the statistical dimension of the descent cone of the l1 norm at a k-sparse vector.

    From about so many Gaussian measurements on, basis pursuit recovers a vector of length n with k
    non-zero entries, whatever their sizes: the transition from failure to success is at most of
    the order sqrt(n) wide. The value is the least one over s >= 0 of

        k (1 + s^2) + (n - k) E max(|g| - s, 0)^2,    g standard normal,

    which exceeds the statistical dimension by at most 2 sqrt(n/k).

    Parameters
    ----------
    n, k : int
        Length and number of non-zeros, 1 <= k <= n.

    Returns
    -------
    float
        Between 0 and n.

    Raises
    ------
    TypeError, ValueError
        If an argument is no integer in its range.

    Notes
    -----
    D. Amelunxen, M. Lotz, M. McCoy, J. Tropp, Living on the edge: phase transitions in convex
    programs with random data, Inf. Inference 3 (2014), Theorem II and Proposition 4.5.

    Examples
    --------
    >>> from breglab.problems import statistical_dimension
    >>> round(statistical_dimension(200, 10), 1), round(statistical_dimension(200, 200), 1)
    (40.8, 200.0)
    """
    if count(k, "k") > count(n, "n"):
        raise ValueError(f"k must be <= {n}, the length of the vector, got {k}")
    from scipy.optimize import brentq

    def slope(s: float) -> float:
        """Return half of the derivative in s, which is increasing."""
        return k * s - (n - k) * (_density(s) - s * _tail(s))

    # At s = sqrt(2 log(n/k)) + 1 the second term is below the first.
    s = float(brentq(slope, 0.0, math.sqrt(2.0 * math.log(n / k)) + 1.0, xtol=1e-14))
    return k * (1.0 + s * s) + (n - k) * ((1.0 + s * s) * _tail(s) - s * _density(s))


def _density(s: float) -> float:
    """Return the density of |g|."""
    return math.sqrt(2.0 / math.pi) * math.exp(-s * s / 2.0)


def _tail(s: float) -> float:
    """Return the probability of |g| > s."""
    return math.erfc(s / math.sqrt(2.0))
