"""Exact runs: linearized Bregman iterations in rational arithmetic, with no rounding at all.

Least squares whose Gram matrix has rational eigenvalues, J = lam |.|_1, and noise of finite law:
then every quantity of the theory but a square root is a rational number, and an inequality holds
or fails with certainty.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from breglab._checks import count
from breglab.theory.one_step import INEQUALITIES, Inequality, OneStep

Vec = tuple[Fraction, ...]
Matrix = tuple[Vec, ...]


def vector(*entries: Fraction | int | str) -> Vec:
    """Return a vector of rational numbers; strings such as ``"3/5"`` are read as such."""
    return tuple(Fraction(entry) for entry in entries)


def dot(x: Vec, y: Vec) -> Fraction:
    """Return the inner product."""
    return sum((a * b for a, b in zip(x, y, strict=True)), Fraction(0))


def minus(x: Vec, y: Vec) -> Vec:
    """Return x - y."""
    return tuple(a - b for a, b in zip(x, y, strict=True))


def along(x: Vec, factor: Fraction, y: Vec) -> Vec:
    """Return x + factor y."""
    return tuple(a + factor * b for a, b in zip(x, y, strict=True))


@dataclass(frozen=True)
class RationalProblem:
    """L(theta) = |A (theta - theta*)|^2/2 with rational data and J = lam |.|_1.

    Attributes
    ----------
    gram : matrix, shape (n, n)
        A^T A.
    star : vector, shape (n,)
        The minimiser theta*; the data are b = A theta*, so that inf L = 0.
    L, mu : Fraction
        The extreme eigenvalues of the Gram matrix, or an upper and a lower bound of them.
    lam, delta : Fraction
        Weight of the l1 norm (0 for J = 0) and parameter of the elastic net.
    noise : tuple of vectors
        Equally likely values of the gradient noise, with mean zero.
    sigma : Fraction
        Its standard deviation; rational by the choice of the noise.

    Raises
    ------
    ValueError
        If the noise has not the mean zero and the variance sigma^2.
    """

    gram: Matrix
    star: Vec
    L: Fraction
    mu: Fraction
    lam: Fraction = Fraction(1)
    delta: Fraction = Fraction(1)
    noise: tuple[Vec, ...] = ()
    sigma: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        atoms = self.atoms
        second = sum(dot(xi, xi) for xi in atoms) / len(atoms)
        if any(sum(column) != 0 for column in zip(*atoms, strict=True)):
            raise ValueError(f"noise must have the mean zero, got {self.noise}")
        if second != self.sigma**2:
            raise ValueError(f"sigma must be the root of the variance {second}, got {self.sigma}")

    @property
    def atoms(self) -> tuple[Vec, ...]:
        """The values of the noise, a single zero without noise."""
        return self.noise or ((Fraction(0),) * len(self.star),)

    def gradient(self, theta: Vec) -> Vec:
        """Return A^T A (theta - theta*)."""
        error = minus(theta, self.star)
        return tuple(dot(row, error) for row in self.gram)

    def loss(self, theta: Vec) -> Fraction:
        """Return L(theta)."""
        return dot(minus(theta, self.star), self.gradient(theta)) / 2

    def regulariser(self, theta: Vec) -> Fraction:
        """Return lam |theta|_1."""
        return self.lam * sum((abs(x) for x in theta), Fraction(0))

    def primal(self, v: Vec) -> Vec:
        """Return prox_{delta J}(delta v), soft shrinkage (1.3)."""
        zero = Fraction(0)
        shrunk = (max(abs(x) - self.lam, zero) * (1 if x > 0 else -1) for x in v)
        return tuple(self.delta * x for x in shrunk)

    def subgradient(self, theta: Vec, v: Vec) -> Vec:
        """Return p = v - theta/delta."""
        return along(v, -1 / self.delta, theta)

    def bregman(self, to: Vec, at: Vec, p: Vec) -> Fraction:
        """Return D_J^p(to, at) by its definition (1.17)."""
        return self.regulariser(to) - self.regulariser(at) - dot(p, minus(to, at))

    def distance(self, to: Vec, at: Vec, v: Vec) -> Fraction:
        """Return D_{J_delta}^v(to, at) by its definition."""
        energies = dot(to, to) - dot(at, at)
        change = self.regulariser(to) - self.regulariser(at) + energies / (2 * self.delta)
        return change - dot(v, minus(to, at))

    @property
    def nu(self) -> Fraction:
        """The constant of (3.7) at theta*: mu delta/(1 + 4 lam delta/min|theta*_i|)."""
        sizes = [abs(x) for x in self.star if x != 0]
        worst = self.lam / min(sizes) if sizes else Fraction(0)
        return self.mu * self.delta / (1 + 4 * self.delta * worst)


def outcomes(problem: RationalProblem, v: Vec, tau: Fraction) -> list[tuple[Vec, Vec]]:
    """Return the equally likely pairs (gradient, next dual variable) of one step from v."""
    slope = problem.gradient(problem.primal(v))
    gradients = [along(slope, Fraction(1), xi) for xi in problem.atoms]
    return [(g, along(v, -tau, g)) for g in gradients]


def one_step(problem: RationalProblem, v: Vec, tau: Fraction) -> OneStep:
    """Return all that one step from the dual variable v gives, in expectation."""
    theta, star = problem.primal(v), problem.star
    p = problem.subgradient(theta, v)
    sums = dict.fromkeys(
        ("loss_next", "g2", "increment2", "turn2", "dsym", "forward", "backward", "error2_next",
         "distance_next"), Fraction(0),
    )  # fmt: skip
    steps = outcomes(problem, v, tau)
    for g, after in steps:
        new = problem.primal(after)
        q, change = problem.subgradient(new, after), minus(new, theta)
        turn, error = minus(q, p), minus(star, new)
        sums["loss_next"] += problem.loss(new)
        sums["g2"] += dot(g, g)
        sums["increment2"] += dot(change, change)
        sums["turn2"] += dot(turn, turn)
        sums["dsym"] += dot(turn, change)
        sums["forward"] += problem.bregman(new, theta, p)
        sums["backward"] += problem.distance(theta, new, after)
        sums["error2_next"] += dot(error, error)
        sums["distance_next"] += problem.distance(star, new, after)
    slope, error = problem.gradient(theta), minus(star, theta)
    return OneStep(
        tau=tau, delta=problem.delta, L=problem.L, mu=problem.mu, nu=problem.nu,
        sigma=problem.sigma, loss=problem.loss(theta), lowest=Fraction(0),
        slope2=dot(slope, slope), error2=dot(error, error),
        distance=problem.distance(star, theta, v),
        **{name: total / len(steps) for name, total in sums.items()},
    )  # fmt: skip


def slack(inequality: Inequality, step: OneStep) -> Fraction:
    """Return right side minus left side, exactly."""
    left, right = inequality.sides(step)
    return sum(right, Fraction(0)) - sum(left, Fraction(0))


def applicable(problem: RationalProblem, step: OneStep) -> tuple[Inequality, ...]:
    """Return the inequalities whose hypotheses the problem and the step size meet."""
    kappa = problem.mu / problem.L
    return tuple(
        inequality
        for inequality in INEQUALITIES
        if not (inequality.deterministic and problem.sigma)
        and not (inequality.strongly_convex and not problem.mu)
        and inequality.start <= step.relative <= inequality.reach(kappa)
    )


def exact_run(problem: RationalProblem, v: Vec, tau: Sequence[Fraction]) -> list[OneStep]:
    """Return the steps of a run without noise, one for each step size.

    Algorithm 1 of Bungert et al. (JMLR 2022).

    Parameters
    ----------
    problem : RationalProblem
        A problem without noise.
    v : vector, shape (n,)
        First dual variable.
    tau : sequence of Fraction
        Step sizes.

    Raises
    ------
    ValueError
        If the problem has noise.
    """
    if problem.noise:
        raise ValueError("noise must be empty for a run; see exact_tree for expectations")
    steps = []
    for t in tau:
        steps.append(one_step(problem, v, t))
        v = outcomes(problem, v, t)[0][1]
    return steps


Law = dict[Vec, Fraction]
"""The values of a dual variable with their probabilities."""

Level = list[tuple[Fraction, OneStep]]
"""The steps from every value of a dual variable, with its probability."""


def next_law(problem: RationalProblem, law: Law, tau: Fraction) -> Law:
    """Return the law of the dual variable after one more step; equal values are merged."""
    following: Law = {}
    for v, weight in law.items():
        steps = outcomes(problem, v, tau)
        for _, after in steps:
            following[after] = following.get(after, Fraction(0)) + weight / len(steps)
    return following


def exact_tree(problem: RationalProblem, v: Vec, tau: Sequence[Fraction]) -> list[Level]:
    """Return all steps that a stochastic run can make, level by level, with probabilities.

    Algorithm 1 of Bungert et al. (JMLR 2022).

    Parameters
    ----------
    problem : RationalProblem
        A problem with s atoms of noise.
    v : vector, shape (n,)
        First dual variable.
    tau : sequence of Fraction
        Step sizes, one for each level; level k has at most s^k nodes, equal ones are merged.

    Raises
    ------
    ValueError
        If there is no step size.
    """
    count(len(tau), "len(tau)")
    law: Law = {v: Fraction(1)}
    levels: list[Level] = []
    for t in tau:
        levels.append([(weight, one_step(problem, node, t)) for node, weight in law.items()])
        law = next_law(problem, law, t)
    return levels


def mean(level: Level, quantity: str) -> Fraction:
    """Return the expectation of a quantity of `OneStep` over a level of a tree."""
    return sum((weight * getattr(step, quantity) for weight, step in level), Fraction(0))


def rational_least_squares(
    singular_values: Vec,
    star: Vec,
    *,
    lam: Fraction = Fraction(1),
    delta: Fraction = Fraction(1),
    noise: tuple[Vec, ...] = (),
    sigma: Fraction = Fraction(0),
) -> RationalProblem:
    """Return least squares with A = diag(singular values) V^T, V a product of rational rotations.

    Parameters
    ----------
    singular_values, star : vectors, shape (n,)
        Not all zero; and the solution that makes the data consistent.
    lam, delta, noise, sigma
        As in `RationalProblem`.
    """
    basis = _rotations(len(star))
    squares = [s * s for s in singular_values]
    gram = tuple(
        tuple(
            sum((squares[k] * basis[i][k] * basis[j][k] for k in range(len(star))), Fraction(0))
            for j in range(len(star))
        )
        for i in range(len(star))
    )
    return RationalProblem(gram, star, max(squares), min(squares), lam, delta, noise, sigma)


def _rotations(n: int) -> list[list[Fraction]]:
    """Return the product of the rotations by (3/5, 4/5) in the planes (0, 1), (1, 2), ..."""
    rows = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    cosine, sine = Fraction(3, 5), Fraction(4, 5)
    for i in range(n - 1):
        for row in rows:
            row[i], row[i + 1] = (
                cosine * row[i] - sine * row[i + 1],
                sine * row[i] + cosine * row[i + 1],
            )
    return rows
