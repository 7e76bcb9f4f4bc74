"""Performance estimation of linearized Bregman iterations on top of PEPit."""

from __future__ import annotations

import importlib
import re
import warnings
from dataclasses import dataclass
from typing import Any

from breglab.theory.worst_case.result import WorstCase

Expression = Any
"""A PEPit expression: linear in Gram matrix and function values, before solving symbolic."""

# With an "inaccurate" optimum the solver stopped a little early; it is shown as its status.
_SOLVED = ("optimal", "optimal_inaccurate")
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
    length : float
        Unit of theta. It makes those of the loss, ``L length^2``, and of the mirror map,
        ``length^2/delta``.

    Notes
    -----
    The solver sees numbers without units, for which L = delta = 1, whatever the constants are; all
    that is handed out and taken, points, values and multipliers, has units.

    The method is the problem's own step: `step` adds ``v+ = v - direction`` and the triple of the
    mirror map at theta+, which by construction is the linearized Bregman step for every
    subgradient; the mirror map must not be evaluated there again, or its subgradient could be
    another one.
    """

    def __init__(self, L: float, mu: float | None, delta: float, *, length: float = 1.0) -> None:
        library = pepit()
        self.delta = delta
        self._length, self._loss_unit, self._map_unit = length, L * length**2, length**2 / delta
        self._units: dict[str, float] = {}
        self._library = library
        self._problem = library.PEP()
        functions = library.functions
        if mu is None:
            loss = self._problem.declare_function(functions.SmoothFunction, L=1.0)
        elif mu == 0.0:
            loss = self._problem.declare_function(functions.SmoothConvexFunction, L=1.0)
        else:
            loss = self._problem.declare_function(
                functions.SmoothStronglyConvexFunction, L=1.0, mu=mu / L
            )
        phi = self._problem.declare_function(functions.StronglyConvexFunction, mu=1.0)
        loss.set_name("loss")
        phi.set_name("map")
        self._loss, self._phi = loss, phi

    def minimiser(self) -> Iterate:
        """Return theta*, where the gradient of the loss is zero."""
        theta = self._loss.stationary_point()
        theta.set_name("*")
        return self._iterate(theta, *self._phi.oracle(theta))

    def start(self) -> Iterate:
        """Return any first iterate with any subgradient."""
        theta = self._problem.set_initial_point()
        theta.set_name("0")
        return self._iterate(theta, *self._phi.oracle(theta))

    def vector(self) -> Any:
        """Return any further vector, as the noise of a gradient."""
        return self._library.Point()

    def step(self, iterate: Iterate, direction: Any, name: str) -> Iterate:
        """Return the iterate after ``v+ = v - direction``."""
        theta, phi = self._library.Point(), self._library.Expression()
        theta.set_name(name)
        v = (self._length / self._map_unit) * (iterate.v - direction)
        self._phi.add_point((theta, v, phi))
        return self._iterate(theta, v, phi)

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

    def assume(self, condition: Any, name: str, unit: float = 1.0) -> None:
        """Add a condition, an equality or inequality of expressions in a unit."""
        self._units[name] = unit
        self._problem.add_constraint(condition, name=name)

    def maximise(
        self,
        measure: Expression,
        quantity: str,
        *,
        unit: float = 1.0,
        printed: float | None = None,
        sharp: float | None = None,
    ) -> WorstCase:
        """Return the largest value of the measure over the classes and conditions.

        Parameters
        ----------
        measure : Expression
            What is maximised.
        quantity : str
            Its name.
        unit : float
            Unit of the measure, in which it is about one.
        printed, sharp : float, optional
            The bounds to compare it with.

        Raises
        ------
        RuntimeError
            If the solver finds no optimum. Every measure here is bounded on a class that is not
            empty: that it is called unbounded or infeasible is an error of the solver.
        """
        self._problem.set_performance_metric((1.0 / unit) * measure)
        try:
            with warnings.catch_warnings():
                # What it would say is in the status.
                warnings.filterwarnings("ignore", message="Solution may be inaccurate")
                value = self._problem.solve(verbose=0, solver="CLARABEL")
            status = str(self._problem.wrapper.prob.status)
        except importlib.import_module("cvxpy").error.SolverError:
            value, status = None, "solver_error"
        if value is None or status not in _SOLVED:
            raise RuntimeError(
                f"the solver found no optimum (its status is {status!r}), as happens where tau "
                "is far from 1/(delta L)"
            )
        multipliers = self._multipliers(unit)
        return WorstCase(quantity, unit * float(value), printed, sharp, multipliers, status)

    def _multipliers(self, unit: float) -> dict[str, float]:
        parts = (
            (self._problem.list_of_constraints, 0.0),
            (self._loss.list_of_class_constraints, self._loss_unit),
            (self._phi.list_of_class_constraints, self._map_unit),
        )
        found = {}
        for constraint, class_unit in ((one, size) for many, size in parts for one in many):
            name = str(constraint.get_name())
            if match := _INTERPOLATION.fullmatch(name):
                name = " ".join(match.groups())
            if abs(value := float(constraint.eval_dual())) > _NEGLIGIBLE:
                found[name] = value * unit / (class_unit or self._units[name])
        return found

    def _iterate(self, theta: Any, v: Any, phi: Expression) -> Iterate:
        """Give units to a point of the program."""
        g, loss = self._loss.oracle(theta)
        length = self._length
        return Iterate(
            length * theta,
            (self._map_unit / length) * v,
            (self._loss_unit / length) * g,
            self._map_unit * phi,
            self._loss_unit * loss,
        )
