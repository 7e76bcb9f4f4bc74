"""A named problem: a loss together with what is known about it."""

from __future__ import annotations

import dataclasses

from breglab._brief import Brief
from breglab._checks import Array
from breglab.problems.loss import Loss
from breglab.problems.operators import CosineSynthesis


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Problem(Brief):
    """One problem instance.

    Attributes
    ----------
    name : str
        Its name in the registry.
    title : str
        One plain sentence.
    loss : Loss
        The loss, on vectors of length n.
    source : str
        Where the data or the construction come from.
    theta_true : array or None
        The parameter that produced the data, shape ``(n,)``, if there is one.
    noise_std : float or None
        Standard deviation of the noise in b, in the units of b: 0.0 if the data are consistent,
        the residual standard error for real noisy data, None where the loss has no such b.
    domain : str
        Where theta lives: "reals", "nonnegative" or "simplex".
    real_data : bool
        Whether the data were measured rather than simulated.
    image_shape : tuple of int or None
        Height and width, where theta describes an image.
    synthesis : CosineSynthesis or None
        Maps theta to that image, shape ``(h, w)``.
    feature_names : tuple of str or None
        A name for each entry of theta.
    groups : array or None
        Integer label of the group of each entry of theta, shape ``(n,)``.
    notes : str
        What else one should know.
    """

    name: str
    title: str
    loss: Loss
    source: str
    theta_true: Array | None = None
    noise_std: float | None = 0.0
    domain: str = "reals"
    real_data: bool = False
    image_shape: tuple[int, int] | None = None
    synthesis: CosineSynthesis | None = None
    feature_names: tuple[str, ...] | None = None
    groups: Array | None = None
    notes: str = ""
