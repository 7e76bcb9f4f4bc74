"""Small instances that several claims use as counterexamples or as tight cases."""

from __future__ import annotations

from typing import Any

import numpy as np

from breglab._checks import Values
from breglab.geometry import L1, ElasticNet, Functional, Zero
from breglab.iteration import Constant, StepSize
from breglab.problems import Exact, FiniteNoise, Oracle, Quadratic
from breglab.theory.instance import Instance


def parabola(
    name: str,
    title: str,
    *,
    tau: float,
    J: Functional | None = None,
    delta: float = 1.0,
    curvature: float = 1.0,
    center: float = 0.0,
    theta0: float = 1.0,
    iterations: int = 20,
    **more: Any,
) -> Instance:
    """Return the one-dimensional ``L(theta) = curvature (theta - center)^2 / 2``."""
    loss = Quadratic(np.array([[curvature]]), np.array([center]))
    return quadratic_instance(
        name, title, loss, tau=tau, J=J, delta=delta, theta0=np.array([theta0]),
        iterations=iterations, **more,
    )  # fmt: skip


def quadratic_instance(
    name: str,
    title: str,
    loss: Quadratic,
    *,
    tau: float | StepSize,
    theta0: Values,
    J: Functional | None = None,
    delta: float = 1.0,
    iterations: int = 20,
    **more: Any,
) -> Instance:
    """Return a quadratic with its center as the reference point."""
    return Instance(
        name=name,
        title=title,
        oracle=more.pop("oracle", None) or Exact(loss),
        phi=more.pop("phi", None) or ElasticNet(J or Zero(), delta),
        step_size=tau if callable(tau) else Constant(tau),
        iterations=iterations,
        theta0=theta0,
        theta_star=loss.minimiser(),
        **more,
    )


class Misstated(Quadratic):
    """A quadratic that states constants which are not its own: breaks (3.2) or (3.6) on purpose.

    Parameters
    ----------
    Q, center
        As in `Quadratic`.
    lipschitz, strong_convexity : float, optional
        The constants that it claims to have.
    """

    def __init__(
        self,
        Q: Values,
        center: Values,
        *,
        lipschitz: float | None = None,
        strong_convexity: float | None = None,
    ) -> None:
        super().__init__(Q, center)
        self._stated = (lipschitz, strong_convexity)

    @property
    def lipschitz(self) -> float:
        """The stated constant, or the true one."""
        stated = self._stated[0]
        return super().lipschitz if stated is None else stated

    @property
    def strong_convexity(self) -> float:
        """The stated constant, or the true one."""
        stated = self._stated[1]
        return super().strong_convexity if stated is None else stated


def overstated(name: str, *, tau: float) -> Instance:
    """Return a quadratic that states three times its convexity, started where it is flattest."""
    loss = Misstated(np.diag([1.0, 0.1]), np.zeros(2), strong_convexity=0.3)
    title = "A quadratic that states three times its mu"
    return quadratic_instance(name, title, loss, tau=tau, theta0=np.array([0.0, 1.0]))


class Quieter(Oracle):
    """An oracle that states a quarter of its true variance: breaks Assumption 2 on purpose."""

    def __init__(self, oracle: Oracle) -> None:
        super().__init__(oracle.loss)
        self._oracle = oracle

    @property
    def sigma(self) -> float:
        """Half of the true standard deviation."""
        return self._oracle.sigma / 2.0

    def sample(self, theta: Any, rng: np.random.Generator) -> Any:
        """Draw from the true oracle."""
        return self._oracle.sample(theta, rng)

    def atoms(self, theta: Any) -> tuple[Any, Any]:
        """Return the true law."""
        return self._oracle.atoms(theta)

    def variance(self, theta: Any) -> Any:
        """Return a quarter of the true variance."""
        return self._oracle.variance(theta) / 4.0


def noisy_parabola(name: str, title: str, tau: float, **more: Any) -> Instance:
    """Return ``theta^2/2`` with noise of +-1, started at its minimiser 0 with J = 0."""
    loss = Quadratic(np.eye(1), np.zeros(1))
    oracle = FiniteNoise(loss, np.array([[1.0], [-1.0]]))
    return quadratic_instance(name, title, loss, tau=tau, theta0=np.zeros(1), oracle=oracle, **more)


class SlippedProx(ElasticNet):
    """A common slip: prox_J(delta v) where prox_{delta J}(delta v) is meant."""

    def _to_primal(self, xp: Any, v: Any) -> Any:
        return self.J.prox(self.delta * v, 1.0)


def slipped_instance() -> Instance:
    """Return a quadratic in three unknowns with the threshold lam in the place of delta lam."""
    return Instance(
        "threshold-lam",
        "The prox with threshold lam in the place of delta lam",
        Exact(Quadratic(np.eye(3), np.array([3.0, 0.5, -2.0]))),
        SlippedProx(L1(1.0), 0.5),
        Constant(0.5),
        iterations=30,
    )
