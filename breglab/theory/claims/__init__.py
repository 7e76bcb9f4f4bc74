"""The claims, in the order of the paper. `all_claims` returns one of each."""

from collections.abc import Iterable

from breglab.theory.claim import Claim
from breglab.theory.claims.convex_rate import ConvexRate
from breglab.theory.claims.distance_decay import (
    BregmanConvergence,
    DistanceDecreases,
    NormConvergencePrinted,
    NormConvergenceSharp,
)
from breglab.theory.claims.equivalences import AdamOnTheDual, GradientDescent, MomentumForms
from breglab.theory.claims.limit_point import LimitPoint
from breglab.theory.claims.loss_decay import (
    LossDecay,
    LossDecayPrinted,
    LossDecaySharp,
    MonotoneLoss,
    NoiseTerm,
)
from breglab.theory.claims.shrinkage import SoftShrinkage, SupportOfOneProx, SupportOfTheLimit

CLAIMS: tuple[type[Claim], ...] = (
    SoftShrinkage,
    GradientDescent,
    AdamOnTheDual,
    SupportOfOneProx,
    SupportOfTheLimit,
    MomentumForms,
    LossDecayPrinted,
    LossDecay,
    LossDecaySharp,
    NoiseTerm,
    MonotoneLoss,
    NormConvergencePrinted,
    NormConvergenceSharp,
    DistanceDecreases,
    BregmanConvergence,
    LimitPoint,
    ConvexRate,
)


def all_claims() -> tuple[Claim, ...]:
    """Return every claim, in the order of the paper."""
    return tuple(claim() for claim in CLAIMS)


def find_claims(ids: str | Iterable[str] = ()) -> tuple[Claim, ...]:
    """Return the claims with these ids, in the order of the paper; all of them for no id.

    Raises
    ------
    ValueError
        If an id is unknown; the message lists the known ones.
    """
    ids = (ids,) if isinstance(ids, str) else tuple(ids)
    known = {claim.id: claim for claim in all_claims()}
    unknown = [name for name in ids if name not in known]
    if unknown:
        raise ValueError(
            f"claim must be among {', '.join(known)}; got {', '.join(map(repr, unknown))}"
        )
    return tuple(claim for claim in known.values() if not ids or claim.id in ids)
