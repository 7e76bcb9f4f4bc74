"""Margins whose expectations are estimated from draws, with confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import scipy.special

from breglab._checks import Values
from breglab.theory.instance import BATCHES, FEWEST, Run
from breglab.theory.margins import Margins
from breglab.theory.transitions import LARGEST
from breglab.theory.verdict import Verdict

LEVEL = 1e-6
"""Probability that one check of a claim errs, were the means of the batches exactly Gaussian."""


def estimated(evaluate: Callable[[Run], Margins], run: Run, level: float = LEVEL) -> Margins:
    """Return margins, with confidence intervals where the law of the gradient cannot be listed.

    The margins are evaluated on `BATCHES` independent batches of draws; what is returned is the
    mean over the batches, with Student's interval about it, or that of a sign test if it is
    narrower. `level` is shared equally by all margins and by all attempts: an inconclusive attempt
    is repeated with twice as many draws, up to `Instance.draws` at each iterate, as long as one
    batch fits into `LARGEST`. All draws are fixed by the seed of the instance.

    The intervals assume that the difference of both sides is an affine function of expectations,
    so that the batches are unbiased, and that its mean over a batch is about Gaussian. A smooth
    function of expectations has a bias of the order of one over the draws in a batch, less than
    the width of the interval, of the order of one over their square root. The size of a difference
    has a bias as large as that width: equalities are made by `identity`, which keeps signs.

    Parameters
    ----------
    evaluate : function of Run
        Returns the margins: `Claim.margins`.
    run : Run
        The run.
    level : float
        Probability of an error, over all margins and attempts.

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
    attempts = list(_attempts(run))
    for draws in attempts:
        batches = (replace(run, draws=draws, batch=batch) for batch in range(BATCHES))
        margins = _mean([evaluate(batch) for batch in batches], level / len(attempts))
        if margins.verdict is not Verdict.INCONCLUSIVE or margins.unconfirmed:
            break
    return margins


def _attempts(run: Run) -> Iterator[int]:
    """Yield the number of draws in a batch of each attempt."""
    draws = FEWEST
    while True:
        yield draws
        draws *= 2
        if draws * BATCHES > run.instance.draws or draws * run.theta.size > LARGEST:
            return


def _mean(parts: Sequence[Margins], level: float) -> Margins:
    """Return the mean of the margins of several batches, with the half-widths of its intervals."""
    one = parts[0]
    if not all(np.array_equal(part.k, one.k) for part in parts):
        raise ValueError("margins must be at the same iterates for every batch of draws")
    equality = one.sign != 0.0
    with np.errstate(invalid="ignore"):  # infinite sides: the margins tell it
        gaps = np.array(
            [np.where(equality, part.sign, 1.0) * (part.rhs - part.lhs) for part in parts]
        )
        mean, half = np.mean(gaps, axis=0), _half_widths(gaps, equality, level)
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
    )


def _half_widths(gaps: Values, equality: npt.NDArray[np.bool_], level: float) -> Values:
    """Return how far the means may be off, at least towards zero; gaps have shape (batches, s)."""
    batches, count = gaps.shape
    mean = np.mean(gaps, axis=0)
    # The sign test: had a mean the other sign, that all batches agree would be a chance of
    # 2^(1 - batches). It decides gaps that are seldom not zero, whose means are far from Gaussian.
    chance = count * 2.0 ** (1 - batches)
    tested = chance <= level / 2
    share = (level - chance * tested) / max(count, 1)
    student = -scipy.special.stdtrit(batches - 1, share / 2)
    half: Values = student * np.std(gaps, axis=0, ddof=1) / math.sqrt(batches)
    if not tested:
        return half
    extreme = np.where(mean >= 0.0, mean - np.min(gaps, axis=0), np.max(gaps, axis=0) - mean)
    return np.where(equality, half, np.minimum(half, extreme))
