"""The families of instances, in full and in quick."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass

from _recovery.ours import HERE, TWIN
from _recovery.peers import PEERS
from breglab.problems import Recovery, sparse_recovery

EVERYONE = tuple(PEERS)
PROVEN = ("celer + LS", "HiGHS")
FAST = ("spgl1", "celer + LS", "lars_path", "OMP")
LARGE = (*FAST, "skglm + LS", "lasso_path + LS")
NOISY = ("spgl1", "lars_path", "pyproximal", "cvxpy, Clarabel")
FREE = ("spgl1", "pyproximal")


@dataclass(frozen=True)
class Case:
    """Instances that differ by their seed only.

    Attributes
    ----------
    family : str
        What it belongs to.
    design, m, n, k, amplitudes, noise
        As in `breglab.problems.sparse_recovery`.
    seeds : int
        breglab solves 0, ..., seeds - 1.
    peer_seeds : int
        Peers the first so many of them.
    peers, ours : tuple of str
        Who takes part.
    axis : str
        Of a family that shows how the cost grows: which of m, n, k varies.
    """

    family: str
    design: str
    m: int
    n: int
    k: int
    amplitudes: str = "gaussian"
    noise: float = 0.0
    seeds: int = 40
    peer_seeds: int = 5
    peers: tuple[str, ...] = EVERYONE
    ours: tuple[str, ...] = (HERE,)
    axis: str = ""

    @property
    def name(self) -> str:
        """A unique name."""
        noise = f", noise {100.0 * self.noise:g} %" if self.noise else ""
        growth = f" [{self.axis}]" if self.axis else ""
        return f"{self.design} {self.m} x {self.n}, k = {self.k}, {self.amplitudes}{noise}{growth}"

    @property
    def entries(self) -> bool:
        """Whether A is an array."""
        return self.design != "partial-cosine"

    def problem(self, seed: int) -> Recovery:
        """Return the instance of a seed."""
        return sparse_recovery(
            self.design,
            self.m,
            self.n,
            self.k,
            amplitudes=self.amplitudes,
            noise=self.noise,
            seed=seed,
        )


HARD = ("ar-0.99", "ar-0.999", "duplicated", "binary", "rank-deficient", "scaled")
_AR = {"ours": (HERE, TWIN), "amplitudes": "decades", "peers": FAST}
_NOISE = ((0.05, 0.01, 0.001), (("gaussian", "gaussian"), ("ar-0.9", "decades")))


def _growth(design, seeds, **sizes):
    """Return cases in which one of m, n, k varies."""
    (axis,) = (name for name, size in sizes.items() if isinstance(size, tuple))
    amplitudes = "gaussian" if design == "gaussian" else "decades"
    return tuple(
        Case(
            f"growth-{design}",
            design,
            **{**sizes, axis: size},
            amplitudes=amplitudes,
            seeds=seeds,
            peer_seeds=2,
            peers=("spgl1", "celer + LS") if design == "gaussian" else ("celer + LS",),
            axis=axis,
        )
        for size in sizes[axis]
    )


def _cosine(exponents, seeds, axis=""):
    return tuple(
        Case(
            "growth-cosine" if axis else "cosine",
            "partial-cosine",
            2**e // 4,
            2**e,
            2**e // 80,
            seeds=seeds,
            peer_seeds=2 if axis else 3,
            peers=("spgl1",) if axis else FREE,
            axis=axis,
        )
        for e in exponents
    )


_FULL = (
    Case("everyone", "gaussian", 500, 2000, 50, seeds=1),
    *(
        Case("gaussian", "gaussian", 500, 2000, k, amplitudes, peers=FAST)
        for k, amplitudes in itertools.product((25, 50, 75), ("gaussian", "sign"))
    ),
    *(
        Case(
            "gaussian-large",
            "gaussian",
            2000,
            8000,
            150,
            amplitudes,
            seeds=10,
            peer_seeds=3,
            peers=LARGE,
        )
        for amplitudes in ("gaussian", "sign")
    ),
    *(Case("ar", "ar-0.9", 500, 2000, k, **_AR) for k in (50, 75, 100)),
    *(
        Case("ar-large", "ar-0.9", 1000, 4000, k, **_AR | {"peers": LARGE}, seeds=10, peer_seeds=3)
        for k in (100, 200)
    ),
    *(
        Case("hard", design, 500, 2000, 50, amplitudes, seeds=20, peer_seeds=1, peers=PROVEN)
        for design, amplitudes in itertools.product(HARD, ("gaussian", "decades"))
    ),
    *_cosine((17,), 5),
    *(
        Case("bpdn", design, 500, 2000, 50, amplitudes, noise, peer_seeds=3, peers=NOISY)
        for noise, (design, amplitudes) in itertools.product(*_NOISE)
    ),
    *_growth("gaussian", 5, m=500, n=(1000, 2000, 4000, 8000, 16000), k=25),
    *_growth("gaussian", 5, m=(250, 500, 1000, 2000), n=4000, k=25),
    *_growth("gaussian", 5, m=500, n=2000, k=(10, 20, 40, 80)),
    *_growth("ar-0.9", 5, m=500, n=(1000, 2000, 4000, 8000, 16000), k=50),
    *_growth("ar-0.9", 5, m=(250, 500, 1000, 2000), n=4000, k=50),
    *_growth("ar-0.9", 5, m=500, n=2000, k=(15, 30, 60, 120)),
    *_cosine(range(12, 18), 3, axis="n"),
)

_QUICK = (
    Case("everyone", "gaussian", 200, 800, 20, "gaussian", seeds=1),
    Case("gaussian", "gaussian", 500, 2000, 50, "gaussian", seeds=3, peers=FAST),
    Case("gaussian", "gaussian", 500, 2000, 75, "sign", seeds=3, peers=FAST),
    Case("ar", "ar-0.9", 500, 2000, 75, **_AR, seeds=3),
    *(Case("hard", design, 200, 800, 20, "decades", seeds=3, peers=("HiGHS",)) for design in HARD),
    *_cosine((14,), 2),
    *(
        Case("bpdn", design, 500, 2000, 50, amplitudes, 0.01, seeds=3, peers=NOISY[:2])
        for design, amplitudes in _NOISE[1]
    ),
    *_growth("gaussian", 2, m=250, n=(500, 1000, 2000, 4000), k=12),
    *_growth("ar-0.9", 2, m=250, n=1000, k=(8, 16, 32)),
    *_cosine((11, 12, 13), 2, axis="n"),
)


def cases(
    quick: bool,
    families: tuple[str, ...] = (),
    seeds: int | None = None,
    peer_seeds: int | None = None,
) -> list[Case]:
    """Return the cases of some families, or of all, with other numbers of seeds if given."""
    found = []
    for case in _QUICK if quick else _FULL:
        if not families or case.family in families:
            own = case.seeds if seeds is None else seeds
            theirs = min(case.peer_seeds if peer_seeds is None else peer_seeds, own)
            found.append(dataclasses.replace(case, seeds=own, peer_seeds=theirs))
    return found


FAMILIES = tuple(dict.fromkeys(case.family for case in (*_FULL, *_QUICK)))
"""Names of the families that are races of solvers."""
