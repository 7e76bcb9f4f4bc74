"""Performance estimation of linearized Bregman iterations on top of PEPit."""

from __future__ import annotations

import importlib
import math
import re
import warnings
from dataclasses import dataclass
from typing import Any

from breglab.theory.worst_case.result import WorstCase

Expression = Any
"""A PEPit expression: linear in Gram matrix and function values, before solving symbolic."""

# Multipliers below this size are the solver's zeros.
_NEGLIGIBLE = 1e-5
_INTERPOLATION = re.compile(r"IC_(\w+?)_.*\((.+), (.+)\)")


def pepit() -> Any:
    """Return the module PEPit, which is an optional dependency.

    Raises
    ------
    ImportError
        If PEPit is not installed; the message names the extra.
    """
    try:
        module = importlib.import_module("PEPit")
        importlib.import_module("PEPit.functions")
    except ImportError as error:
        raise ImportError(
            'worst cases need PEPit: install it by `pip install "breglab[theory]"`'
        ) from error
    return module


@dataclass(frozen=True)
class Iterate:
    """One point of the analysis with all that belongs to it.

    Attributes
    ----------
    theta, v, g : PEPit point
        Primal variable, dual variable in the subdifferential of phi, gradient of the loss.
    phi, loss : PEPit expression
        Values of the mirror map and of the loss.
    """

    theta: Any
    v: Any
    g: Any
    phi: Expression
    loss: Expression


class Performance:
    """A performance-estimation problem: a class of losses, a class of mirror maps, some steps.

    Parameters
    ----------
    L : float
        Lipschitz constant of the gradient of the loss.
    mu : float or None
        Convexity constant of the loss; None for losses that need not be convex.
    delta : float
        phi = J + |.|^2/(2 delta) with J convex: any 1/delta-strongly convex function.

    Notes
    -----
    The method is the problem's own step: `step` adds ``v+ = v - direction`` and the triple of the
    mirror map at theta+, which by construction is the linearized Bregman step for every
    subgradient; the mirror map must not be evaluated there again, or its subgradient could be
    another one.
    """

    def __init__(self, L: float, mu: float | None, delta: float) -> None:
        library = pepit()
        self.delta = delta
        self._library = library
        self._problem = library.PEP()
        functions = library.functions
        if mu is None:
            loss = self._problem.declare_function(functions.SmoothFunction, L=L)
        elif mu == 0.0:
            loss = self._problem.declare_function(functions.SmoothConvexFunction, L=L)
        else:
            loss = self._problem.declare_function(
                functions.SmoothStronglyConvexFunction, L=L, mu=mu
            )
        phi = self._problem.declare_function(functions.StronglyConvexFunction, mu=1.0 / delta)
        loss.set_name("loss")
        phi.set_name("map")
        self._loss, self._phi = loss, phi

    def minimiser(self) -> Iterate:
        """Return theta*, where the gradient of the loss is zero."""
        theta = self._loss.stationary_point()
        theta.set_name("*")
        return self._at(theta)

    def start(self) -> Iterate:
        """Return any first iterate with any subgradient."""
        theta = self._problem.set_initial_point()
        theta.set_name("0")
        return self._at(theta)

    def vector(self) -> Any:
        """Return any further vector, as the noise of a gradient."""
        return self._library.Point()

    def step(self, iterate: Iterate, direction: Any, name: str) -> Iterate:
        """Return the iterate after ``v+ = v - direction``."""
        theta, phi = self._library.Point(), self._library.Expression()
        theta.set_name(name)
        v = iterate.v - direction
        self._phi.add_point((theta, v, phi))
        g, loss = self._loss.oracle(theta)
        return Iterate(theta, v, g, phi, loss)

    def run(self, steps: int, tau: float, beta: float = 0.0) -> list[Iterate]:
        """Return a start and `steps` steps (2.14), with momentum m = 0 at first."""
        iterates = [self.start()]
        momentum = None
        for k in range(1, steps + 1):
            fresh = (1.0 - beta) * tau * iterates[-1].g
            momentum = fresh if momentum is None else beta * momentum + fresh
            iterates.append(self.step(iterates[-1], momentum, str(k)))
        return iterates

    def distance(self, to: Iterate, of: Iterate) -> Expression:
        """Return the Bregman distance ``D_phi^v(theta_to, theta_of)``, d_k if `to` is theta*."""
        return to.phi - of.phi - of.v * (to.theta - of.theta)

    def symmetric_distance(self, one: Iterate, other: Iterate) -> Expression:
        """Return ``D_J^sym = <p - p', theta - theta'>`` with p = v - theta/delta."""
        apart = one.theta - other.theta
        return (one.v - other.v) * apart - apart**2 / self.delta

    def assume(self, condition: Any, name: str) -> None:
        """Add a condition, an equality or inequality of expressions."""
        self._problem.add_constraint(condition, name=name)

    def maximise(
        self,
        measure: Expression,
        quantity: str,
        *,
        printed: float | None = None,
        sharp: float | None = None,
    ) -> WorstCase:
        """Return the largest value of the measure over the classes and conditions."""
        self._problem.set_performance_metric(measure)
        with warnings.catch_warnings():
            # What it would say is in the status.
            warnings.filterwarnings("ignore", message="Solution may be inaccurate")
            value = self._problem.solve(verbose=0, solver="CLARABEL")
        status = str(self._problem.wrapper.prob.status)
        if value is None:
            return WorstCase(quantity, math.inf, printed, sharp, status=status)
        return WorstCase(quantity, float(value), printed, sharp, self._multipliers(), status)

    def _multipliers(self) -> dict[str, float]:
        constraints = [
            *self._problem.list_of_constraints,
            *self._loss.list_of_class_constraints,
            *self._phi.list_of_class_constraints,
        ]
        found = {}
        for constraint in constraints:
            name = str(constraint.get_name())
            if match := _INTERPOLATION.fullmatch(name):
                name = " ".join(match.groups())
            if abs(value := float(constraint.eval_dual())) > _NEGLIGIBLE:
                found[name] = value
        return found

    def _at(self, theta: Any) -> Iterate:
        v, phi = self._phi.oracle(theta)
        g, loss = self._loss.oracle(theta)
        return Iterate(theta, v, g, phi, loss)
