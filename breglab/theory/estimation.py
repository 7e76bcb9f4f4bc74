"""Margins whose expectations are estimated from draws, with confidence intervals.

Without a bound on the range of the noise no number of draws proves an expectation: an event of
probability p is missing among n draws with probability (1 - p)^n, and may weigh as much as it
likes. "Holds" here means that n draws do not refute the statement at a nominal level, under the
assumptions that variances are finite and that the means of batches of draws are about Gaussian.
What is to be certain needs a law that can be listed: `Oracle.atoms`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import scipy.special

from breglab._checks import Values
from breglab.theory.instance import BATCHES, FEWEST, Run
from breglab.theory.margins import Margins
from breglab.theory.transitions import LARGEST

LEVEL = 1e-6
"""Probability that one check of a claim errs, were the means of the batches exactly Gaussian."""


def estimated(evaluate: Callable[[Run], Margins], run: Run, level: float = LEVEL) -> Margins:
    """Return margins, with confidence intervals where the law of the gradient cannot be listed.

    The margins are evaluated on `BATCHES` independent batches of draws; what is returned is the
    mean over the batches, with an interval about it. `level` is shared equally by all margins. All
    of `Instance.draws` are spent on either verdict (as many as fit into `LARGEST`): few draws agree
    with each other because they have not seen what is rare. They are fixed by the seed of the
    instance.

    The intervals assume that the difference of both sides is an affine function of expectations,
    so that the batches are unbiased, that its variance is finite, and that its mean over a batch is
    about Gaussian; agreement of all batches is no evidence about events that none of them has seen.
    A smooth function of expectations has a bias of the order of one over the draws in a batch, less
    than the width of the interval, of the order of one over their square root. The size of a
    difference has a bias as large as that width: equalities are made by `identity`, which keeps
    signs.

    Parameters
    ----------
    evaluate : function of Run
        Returns the margins: `Claim.margins`.
    run : Run
        The run.
    level : float
        Nominal probability of an error, over all margins.

    Raises
    ------
    ValueError
        If the margins of two batches are not those of the same iterates.
    """
    if run.exact:
        return evaluate(run)
    first = replace(run, draws=FEWEST, batch=0)
    margins = evaluate(first)
    if "transitions" not in vars(first):  # a claim about the iterates themselves
        return margins
    draws = min(run.instance.draws // BATCHES, LARGEST // run.theta.size)
    batches = (replace(run, draws=draws, batch=batch) for batch in range(BATCHES))
    return _mean([evaluate(batch) for batch in batches], level, draws * BATCHES)


def _mean(parts: Sequence[Margins], level: float, draws: int) -> Margins:
    """Return the mean of the margins of several batches, with the half-widths of its intervals."""
    one = parts[0]
    if not all(np.array_equal(part.k, one.k) for part in parts):
        raise ValueError("margins must be at the same iterates for every batch of draws")
    equality = one.sign != 0.0
    with np.errstate(invalid="ignore"):  # infinite sides: the margins tell it
        gaps = np.array(
            [np.where(equality, part.sign, 1.0) * (part.rhs - part.lhs) for part in parts]
        )
        mean, half = np.mean(gaps, axis=0), _half_widths(gaps, level)
        lhs, rhs, scale = (
            np.mean([getattr(part, name) for part in parts], axis=0)
            for name in ("lhs", "rhs", "scale")
        )
    return Margins(
        one.k,
        np.where(equality, np.abs(mean), lhs),
        np.where(equality, 0.0, rhs),
        scale,
        one.tolerance,
        half / np.maximum(scale, np.finfo(np.float64).tiny),
        np.where(equality, np.where(mean > 0.0, -1.0, 1.0), 0.0),
        draws,
    )


def _half_widths(gaps: Values, level: float) -> Values:
    """Return how far the means may be off; gaps have shape (batches, samples)."""
    batches, count = gaps.shape
    share = level / max(count, 1)
    student = -scipy.special.stdtrit(batches - 1, share / 2)
    half: Values = student * np.std(gaps, axis=0, ddof=1) / math.sqrt(batches)
    # Means that a few rare events decide are far from Gaussian. What one batch alone has seen may
    # be expected so many times more: a Poisson number of that mean is at most one with
    # probability share/2. For Gaussian means at the usual levels this is about Student's twice.
    more = scipy.special.gammainccinv(2.0, share / 2) - 1.0
    wide: Values = np.maximum(half, more * np.ptp(gaps, axis=0) / batches)
    return wide
