"""The common instances that every claim is tried on: real data first, then generated ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from breglab._checks import choice, count
from breglab.geometry import (
    L1,
    Box,
    ElasticNet,
    Entropy,
    Functional,
    GroupL12,
    MirrorMap,
    NonNegativeL1,
    PNorm,
    Zero,
)
from breglab.iteration import Constant, LogSpaced, Momentum, SquareSummable, relative_step
from breglab.problems import Exact, FiniteNoise, GaussianNoise, Problem, load
from breglab.theory.instance import Instance

SUITES = ("quick", "full")
FULL_SEEDS = 5
LONG = 100_000
"""Most steps of the runs that end once their residual is at rounding level."""


def common_instances(suite: str = "quick", seed: int = 0) -> tuple[Instance, ...]:
    """Return the instances of a suite.

    Parameters
    ----------
    suite : str
        ``quick`` (one seed) or ``full`` (five seeds).
    seed : int
        Seed of the generated problems, of the measurements of real data, and of the noise.

    Raises
    ------
    TypeError, ValueError
        If the suite is none of these, or the seed no integer >= 0.

    Examples
    --------
    >>> from breglab.theory import common_instances
    >>> len(common_instances("quick", 0)) > 10
    True
    """
    choice(suite, "suite", SUITES)
    count(seed, "seed", low=0)
    found: list[Instance] = []
    for one in range(seed, seed + (FULL_SEEDS if suite == "full" else 1)):
        suffix = f" #{one}" if suite == "full" else ""
        for instance in (*_real_data(one), *_sensing(one), *_mirror_descent(one), *_convex(one)):
            found.append(replace(instance, name=instance.name + suffix, seed=one))
    return tuple(found)


def _real_data(seed: int) -> Iterator[Instance]:
    patients, cells = load("diabetes-cs", seed), load("breast-cancer-cs", seed)
    yield _linbreg("diabetes", load("diabetes", seed), L1(1.0), 1.0, steps=600)
    yield _linbreg("diabetes-cs", patients, L1(1.0), 1.0, 1.9, steps=1500)
    yield _linbreg("breast-cancer", load("breast-cancer", seed), L1(0.5), 1.0, steps=600)
    yield _linbreg("breast-cancer-cs", cells, L1(0.1), 1.0, 1.9, steps=1500)
    yield _linbreg("photograph", load("photograph", seed), L1(1.0), 20.0, steps=300,
                   sample=LogSpaced(12))  # fmt: skip
    yield _limit("diabetes-cs", patients, L1(1.0), 1.0)
    yield _limit("breast-cancer-cs", cells, L1(0.1), 1.0)


def _sensing(seed: int) -> Iterator[Instance]:
    gaussian, nonnegative = load("gaussian", seed), load("nonnegative", seed)
    correlated, grouped = load("correlated", seed), load("group", seed)
    groups = GroupL12(grouped.groups, 1.0)
    yield _linbreg("gaussian", gaussian, L1(1.0), 5.0, 1.9, steps=1500)
    yield _linbreg("gaussian, limit", gaussian, L1(1.0), 5.0, 1.9, steps=LONG,
                   sample=LogSpaced(20), reaches_limit=True)  # fmt: skip
    yield _limit("gaussian", gaussian, L1(1.0), 20.0)
    yield _linbreg("correlated", correlated, L1(1.0), 1.0, steps=1000)
    yield _limit("correlated", correlated, L1(1.0), 1.0)
    yield _linbreg("group", grouped, groups, 5.0, 1.9, steps=1500)
    yield _limit("group", grouped, groups, 5.0)
    yield _linbreg("nonnegative", nonnegative, NonNegativeL1(1.0), 5.0, steps=1000)
    yield _limit("nonnegative", nonnegative, NonNegativeL1(1.0), 5.0)


def _mirror_descent(seed: int) -> Iterator[Instance]:
    simplex, nonnegative = load("simplex", seed), load("nonnegative", seed)
    gaussian = load("gaussian", seed)
    title = "Mirror descent on the simplex with the entropy: "
    yield _run("simplex, entropy", title + simplex.title, simplex, Entropy("simplex"),
               steps=2000, sample=LogSpaced(30))  # fmt: skip
    title = "Mirror descent on the orthant with the entropy: "
    yield _run("nonnegative, entropy", title + nonnegative.title, nonnegative, Entropy("orthant"),
               tau=0.02, steps=2000, v0=np.full(nonnegative.loss.size, -3.0),
               sample=LogSpaced(30))  # fmt: skip
    title = "Mirror descent with the p-norm, p = 1.1: "
    yield _run("gaussian, p-norm", title + gaussian.title, gaussian, PNorm(1.1), steps=2000,
               sample=LogSpaced(30))  # fmt: skip


def _convex(seed: int) -> Iterator[Instance]:
    problem = load("quadratic", seed)
    loss, rng = problem.loss, np.random.default_rng(seed)
    noise = FiniteNoise.rademacher(loss, 0.2, np.linalg.qr(rng.standard_normal((20, 20)))[0][:4])
    groups = GroupL12(np.repeat(np.arange(5), 4), 0.1)
    small = loss.strong_convexity / (2.0 * loss.lipschitz**2)
    start: dict[str, Any] = {"theta0": rng.standard_normal(20)}
    yield _linbreg("quadratic, J = 0", problem, Zero(), 1.0, steps=200, **start)
    yield _linbreg("quadratic, l1", problem, L1(0.2), 2.0, 1.9, steps=200)
    yield _linbreg("quadratic, l1, small steps", problem, L1(0.2), 1.0, tau=Constant(small),
                   steps=300, **start)  # fmt: skip
    yield _linbreg("quadratic, l1, noise", problem, L1(0.2), 1.0, oracle=noise, steps=300)
    yield _linbreg("quadratic, group, noise", problem, groups, 0.5, oracle=noise,
                   tau=SquareSummable(1.0, 0.6), steps=300, **start)  # fmt: skip
    yield _linbreg("quadratic, l1, noise, small steps", problem, L1(0.2), 1.0, oracle=noise,
                   tau=SquareSummable(small, 0.75), steps=300)  # fmt: skip
    # A few iterates: their expectations are estimated from draws, which need not be many, as the
    # tails of this noise are light.
    yield _linbreg("quadratic, l1, Gaussian noise", problem, L1(0.2), 1.0,
                   oracle=GaussianNoise(loss, 0.03), tau=Constant(small), steps=200,
                   sample=LogSpaced(10), draws=2**13)  # fmt: skip
    example = load("example-1", seed)
    yield _run("example-1", "Example 1: the constraint theta >= 0 keeps the iteration from -1",
               example, ElasticNet(Box(0.0, np.inf), 1.0), steps=60, theta0=np.array([2.0]),
               tau=0.2, known=False)  # fmt: skip


def _linbreg(
    name: str, problem: Problem, J: Functional, delta: float, factor: float = 1.0, **more: Any
) -> Instance:
    return _run(name, problem.title, problem, ElasticNet(J, delta), factor, **more)


def _limit(name: str, problem: Problem, J: Functional, delta: float) -> Instance:
    """Return LinBreg with momentum and large steps, run until the data are met."""
    more: dict[str, Any] = {"sample": LogSpaced(20), "reaches_limit": True}
    return _linbreg(
        f"{name}, momentum", problem, J, delta, 15.0, steps=LONG, rule=Momentum(0.8), **more
    )


def _run(
    name: str,
    title: str,
    problem: Problem,
    phi: MirrorMap,
    factor: float = 1.0,
    *,
    steps: int,
    tau: Any = None,
    known: bool = True,
    **more: Any,
) -> Instance:
    if tau is None:
        tau = relative_step(problem.loss, phi, factor)
    start: dict[str, Any] = {} if "theta0" in more else {"v0": np.zeros(problem.loss.size)}
    return Instance(
        name=name,
        title=title,
        oracle=more.pop("oracle", None) or Exact(problem.loss),
        phi=phi,
        step_size=tau if callable(tau) else Constant(tau),
        iterations=steps,
        theta_star=_minimiser(problem) if known else None,
        problem=problem,
        **(start | more),
    )


def _minimiser(problem: Problem) -> Any:
    """Return the parameter that made consistent data, else the minimiser of the loss."""
    if problem.theta_true is not None and problem.noise_std == 0.0:
        return problem.theta_true
    return problem.loss.minimiser()
