"""The claims, in the order of the paper. `all_claims` returns one of each."""

from collections.abc import Iterable

from breglab.theory.claim import Claim
from breglab.theory.claims.adaptive import AdaBregLimit, AdaBregMonotone
from breglab.theory.claims.assumptions import (
    DescentLemma,
    DescentLemmaConverse,
    VarianceAndSecondMoment,
)
from breglab.theory.claims.biased import BiasedLossDecay, BiasedNoiseTerm
from breglab.theory.claims.bregman_convexity import (
    ImpliesStrongConvexity,
    NoSmoothnessNeeded,
    SmoothRegularizer,
)
from breglab.theory.claims.bregman_distance import DistanceAxioms, NoMetric
from breglab.theory.claims.bregman_rates import ConstantStep, LongSteps, RefinedFactor
from breglab.theory.claims.certified import (
    BregmanRateCertified,
    ConvexRateCertified,
    DistanceDecayCertified,
    LossDecayCertified,
    MomentumCertified,
    NormDecayCertified,
)
from breglab.theory.claims.convex_rate import ConvexRate
from breglab.theory.claims.distance_decay import (
    BregmanConvergence,
    DistanceDecreases,
    NormConvergencePrinted,
    NormConvergenceSharp,
)
from breglab.theory.claims.equivalences import AdamOnTheDual, GradientDescent, MomentumForms
from breglab.theory.claims.exact_regularization import (
    ExactRegularization,
    ExactRegularizationPrinted,
    ExactThreshold,
    GroupLimit,
)
from breglab.theory.claims.example_one import (
    ExampleOne,
    ExampleOnePrinted,
    FiniteValueNecessary,
    FiniteValueNotDropped,
)
from breglab.theory.claims.experiments import PrintedNumbers, TotalDensity, TotalDensityPrinted
from breglab.theory.claims.flows import (
    DifferenceQuotients,
    DiscretisesInertia,
    DiscretisesInertiaVariable,
    MemoryFormula,
    MemoryFormulaPrinted,
)
from breglab.theory.claims.frozen_convergence import FrozenConvergence
from breglab.theory.claims.frozen_steps import (
    FrozenDistanceDecreases,
    FrozenDistanceRestricted,
    FrozenLossDecay,
    LongerFrozenSteps,
)
from breglab.theory.claims.harmonic_rates import HarmonicRate, HarmonicRatePrinted, VanishingSteps
from breglab.theory.claims.independence import ConditionalUnbiasedness, Independence
from breglab.theory.claims.initialization import (
    Activations,
    ActivationsPrinted,
    FrozenNeurons,
    Glorot,
    GlorotPrinted,
    MaskedVariance,
    UnbreakableSymmetry,
)
from breglab.theory.claims.limit_point import LimitPoint
from breglab.theory.claims.locality import LocallyTrue, LocallyTrueDeterministic
from breglab.theory.claims.loss_decay import (
    LossDecay,
    LossDecayPrinted,
    LossDecaySharp,
    MonotoneLoss,
    NoiseTerm,
)
from breglab.theory.claims.momentum import (
    MomentumMonotone,
    MomentumOscillation,
    MomentumStability,
    MomentumStabilityL1,
)
from breglab.theory.claims.norm_convergence import (
    DisplayYields,
    ExactRange,
    NormConvergenceBeyond,
    ProofDisplay,
    ThreePoints,
    YoungWithWeight,
)
from breglab.theory.claims.one_point import (
    LocalVanishing,
    OnePointGroups,
    OnePointL1,
    SameSigns,
    SameSignsPrinted,
)
from breglab.theory.claims.proofs import (
    BackwardDistance,
    DistanceChange,
    L1DistanceBound,
    SimplerDistance,
    SplitDistance,
)
from breglab.theory.claims.proximal import (
    OnlyLargeDuals,
    ProxLowersRegularizer,
    StepMinimises,
    SubgradientsAndProx,
)
from breglab.theory.claims.related_work import InstantlyDense, LossOfProximalGradient
from breglab.theory.claims.sgd_recursion import SameRecursion, SameRecursionPrinted
from breglab.theory.claims.shrinkage import SoftShrinkage, SupportOfOneProx, SupportOfTheLimit
from breglab.theory.claims.step_choice import StepChoice, StepChoicePrinted
from breglab.theory.claims.summability import (
    DistancesConverge,
    Subsequence,
    SubsequenceBeyond,
    Summability,
)

CLAIMS: tuple[type[Claim], ...] = (
    SoftShrinkage,
    GradientDescent,
    AdamOnTheDual,
    OnlyLargeDuals,
    SupportOfOneProx,
    SupportOfTheLimit,
    InstantlyDense,
    LossOfProximalGradient,
    DistanceAxioms,
    NoMetric,
    ProxLowersRegularizer,
    MemoryFormulaPrinted,
    MemoryFormula,
    StepMinimises,
    SubgradientsAndProx,
    DifferenceQuotients,
    MomentumForms,
    DiscretisesInertia,
    DiscretisesInertiaVariable,
    ExactRegularizationPrinted,
    GroupLimit,
    ExactRegularization,
    ExactThreshold,
    DescentLemma,
    DescentLemmaConverse,
    VarianceAndSecondMoment,
    LossDecayPrinted,
    LossDecay,
    LossDecaySharp,
    LossDecayCertified,
    NoiseTerm,
    BiasedLossDecay,
    BiasedNoiseTerm,
    Summability,
    MonotoneLoss,
    LocallyTrue,
    LocallyTrueDeterministic,
    ImpliesStrongConvexity,
    NoSmoothnessNeeded,
    SmoothRegularizer,
    LocalVanishing,
    OnePointL1,
    SameSignsPrinted,
    SameSigns,
    OnePointGroups,
    ExampleOnePrinted,
    ExampleOne,
    FiniteValueNecessary,
    FiniteValueNotDropped,
    NormConvergencePrinted,
    NormConvergenceBeyond,
    ProofDisplay,
    DisplayYields,
    YoungWithWeight,
    ExactRange,
    NormDecayCertified,
    NormConvergenceSharp,
    ThreePoints,
    DistanceDecayCertified,
    StepChoicePrinted,
    StepChoice,
    DistanceDecreases,
    Subsequence,
    SubsequenceBeyond,
    SimplerDistance,
    L1DistanceBound,
    DistancesConverge,
    SplitDistance,
    DistanceChange,
    Independence,
    ConditionalUnbiasedness,
    BackwardDistance,
    BregmanConvergence,
    LongSteps,
    RefinedFactor,
    BregmanRateCertified,
    ConstantStep,
    VanishingSteps,
    HarmonicRatePrinted,
    HarmonicRate,
    SameRecursionPrinted,
    SameRecursion,
    GlorotPrinted,
    Glorot,
    MaskedVariance,
    ActivationsPrinted,
    Activations,
    UnbreakableSymmetry,
    FrozenNeurons,
    TotalDensityPrinted,
    TotalDensity,
    PrintedNumbers,
    MomentumMonotone,
    MomentumOscillation,
    MomentumStability,
    MomentumStabilityL1,
    MomentumCertified,
    AdaBregMonotone,
    LimitPoint,
    AdaBregLimit,
    ConvexRate,
    ConvexRateCertified,
    FrozenLossDecay,
    LongerFrozenSteps,
    FrozenDistanceDecreases,
    FrozenDistanceRestricted,
    FrozenConvergence,
)
"""The claims, in the order of the paper; those beyond it stand next to what they extend."""


def all_claims() -> tuple[Claim, ...]:
    """Return every claim, in the order of the paper.

    Examples
    --------
    >>> from breglab.theory import all_claims
    >>> len(all_claims()) > 100
    True
    """
    return tuple(claim() for claim in CLAIMS)


def find_claims(ids: str | Iterable[str] = ()) -> tuple[Claim, ...]:
    """Return the claims with these ids, in the order of the paper; all of them for no id.

    Raises
    ------
    ValueError
        If an id is unknown; the message lists the known ones.

    Examples
    --------
    >>> from breglab.theory import find_claims
    >>> find_claims("18")[0].title
    'Loss decay as printed, tau <= 2/(delta L)'
    """
    ids = (ids,) if isinstance(ids, str) else tuple(ids)
    known = {claim.id: claim for claim in all_claims()}
    unknown = [name for name in ids if name not in known]
    if unknown:
        raise ValueError(
            f"claim must be among {', '.join(known)}; got {', '.join(map(repr, unknown))}"
        )
    return tuple(claim for claim in known.values() if not ids or claim.id in ids)
