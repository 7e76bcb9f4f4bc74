"""Real runs that a certificate speaks of, their quantities taken from the library's definitions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from breglab.geometry import L1, ElasticNet, Zero
from breglab.iteration import Constant, Momentum, run
from breglab.problems import Exact, Huber, Quadratic


@dataclass(frozen=True)
class Observed:
    """Points of a run by label, and what is needed to evaluate forms of a certificate."""

    x: dict
    v: dict
    g: dict
    loss: dict
    phi_value: dict
    phi: ElasticNet

    def quantity(self, name):
        """Evaluate a quantity by its definition."""
        kind, k = name.split(" ")
        after = str(int(k) + 1)
        x, star = self.x[k], self.x["*"]
        if kind == "d":
            return float(self.phi.divergence(star, x, self.v[k]))
        if kind == "loss":
            return self.loss[k] - self.loss["*"]
        if kind == "gradient":
            return float(self.g[k] @ self.g[k])
        if kind == "error":
            return float((x - star) @ (x - star))
        moved = self.x[after] - x
        if kind == "increment":
            return float(moved @ moved)
        return float(
            self.phi.divergence(self.x[after], x, self.v[k])
            + self.phi.divergence(x, self.x[after], self.v[after])
        )

    def evaluate(self, form, steps):
        """Evaluate a form in the basis v*, v0, x0..xN, g0..gN."""
        labels = [str(k) for k in range(steps + 1)]
        vectors = np.array(
            [self.v["*"], self.v["0"], *(self.x[k] - self.x["*"] for k in labels),
             *(self.g[k] for k in labels)]
        )  # fmt: skip
        values = [column[k] for column in (self.phi_value, self.loss) for k in ("*", *labels)]
        gram = vectors @ vectors.T
        return float(np.sum(gram * form.gram.astype(float)) + values @ form.values.astype(float))

    def size(self):
        """Return the size of the numbers that forms are added up from."""
        points = (*self.x.values(), *self.v.values(), *self.g.values())
        return 1.0 + max(float(a @ a) for a in points) + max(map(abs, self.loss.values()))


def observe(statement, seed):
    """Run the method of a statement on a random problem of its class, dimension 3."""
    rng = np.random.default_rng(seed)
    p = {name: float(value) for name, value in statement.parameters.items()}
    delta = p.get("delta", 0.7)
    least = max(p.get("mu", 0.0), p.get("nu", 0.0) / delta)
    star = rng.standard_normal(3) * rng.integers(0, 2, 3)
    loss = _loss(rng, star, least, p["L"])
    lam = 0.0 if "nu" in p else float(rng.choice([0.0, 0.1, 1.0]))
    phi = ElasticNet(L1(lam) if lam else Zero(), delta)
    trace = run(
        Exact(loss), phi, rule=Momentum(p["beta"]), step_size=Constant(p["tau"]),
        v0=2.0 * rng.standard_normal(3), stop=statement.steps, record=["primal", "dual"],
        progress=False, unsafe=True,
    )  # fmt: skip
    x = {str(k): np.asarray(theta) for k, theta in enumerate(trace["primal"])} | {"*": star}
    v = {str(k): np.asarray(dual) for k, dual in enumerate(trace["dual"])}
    return Observed(
        x,
        v | {"*": np.asarray(phi.to_dual(star))},
        {k: np.asarray(loss.gradient(theta)) for k, theta in x.items()},
        {k: float(loss.value(theta)) for k, theta in x.items()},
        {k: float(phi.value(theta)) for k, theta in x.items()},
        phi,
    )


def _loss(rng, star, least, L):
    if least == 0.0 and rng.integers(0, 2):
        A = np.linalg.qr(rng.standard_normal((3, 3)))[0] * np.sqrt(L)
        return Huber(A, A @ star, 0.5)
    basis = np.linalg.qr(rng.standard_normal((3, 3)))[0]
    eigenvalues = np.array([least, L, rng.uniform(least, L)])
    matrix = basis @ np.diag(eigenvalues) @ basis.T
    return Quadratic((matrix + matrix.T) / 2, star)
