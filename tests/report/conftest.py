"""A small audit of real claims on small runs: everything that a report has to show, in a second."""

from __future__ import annotations

import datetime
from dataclasses import replace

import numpy as np
import pytest

from breglab.geometry import L1, ElasticNet, Entropy
from breglab.iteration import Constant, LogSpaced, relative_step
from breglab.problems import Exact, LeastSquares, Problem, load
from breglab.problems.operators import CosineSynthesis, SubsampledTransform
from breglab.report import document, page
from breglab.theory import (
    Audit,
    ClaimResult,
    Instance,
    Run,
    check,
    check_negative,
    execute,
    find_claims,
)
from breglab.theory.small import parabola

CREATED = datetime.datetime(2025, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)


def _table() -> Instance:
    problem = load("diabetes")
    phi = ElasticNet(L1(1.0), 1.0)
    return Instance("table", problem.title, Exact(problem.loss), phi,
                    relative_step(problem.loss, phi), 60, v0=np.zeros(problem.loss.size),
                    theta_star=problem.loss.minimiser(), problem=problem)  # fmt: skip


def _image() -> Instance:
    synthesis = CosineSynthesis((8, 8))
    picture = np.add.outer(np.linspace(0.0, 0.5, 8), np.linspace(0.0, 0.5, 8))
    theta, operator = synthesis.analyse(picture), SubsampledTransform((8, 8), 40)
    loss, phi = LeastSquares(operator, operator.matvec(theta), lipschitz=1.0), None
    phi = ElasticNet(L1(0.02), 5.0)
    problem = Problem("image", "A ramp <of grey> & nothing else.", loss, "made up", theta,
                      real_data=True, image_shape=(8, 8), synthesis=synthesis)  # fmt: skip
    return Instance("image", problem.title, Exact(loss), phi, relative_step(loss, phi), 200,
                    v0=np.zeros(64), theta_star=theta, sample=LogSpaced(8),
                    problem=problem)  # fmt: skip


def _simplex() -> Instance:
    problem = load("simplex")
    return Instance("simplex", problem.title, Exact(problem.loss), Entropy("simplex"),
                    Constant(0.1), 20, theta_star=problem.theta_true, problem=problem)  # fmt: skip


@pytest.fixture(scope="session")
def audit() -> Audit:
    runs = tuple(execute(instance) for instance in (_table(), _image(), _simplex()))
    return Audit(tuple(_results(runs)), runs, "quick", 0, 1.25)


def _results(runs: tuple[Run, ...]) -> list[ClaimResult]:
    results = []
    for claim in find_claims(("1", "4-limit", "18", "19", "X3")):
        own = claim.own_instances() if claim.id != "4-limit" else ()
        tried = (*runs, *map(execute, own)) if claim.on_common else ()
        findings = tuple(check(claim, run) for run in tried)
        results.append(ClaimResult(claim, findings, _negative(claim)))
    return results


def _negative(claim):
    if claim.id in ("4-limit", "X3"):  # theirs take long; here any finding serves
        return replace(check_negative(find_claims(("19",))[0]), claim=claim.id)
    return check_negative(claim)


@pytest.fixture(scope="session")
def content(audit) -> dict:
    return document(audit, CREATED)


@pytest.fixture(scope="session")
def html(audit, content) -> str:
    return page(audit, content)


@pytest.fixture(scope="session")
def missed(audit) -> Audit:
    """The same audit with a negative instance that was not caught."""
    first = audit.results[0]
    fine = check(find_claims(("19",))[0], execute(parabola("fine", "A step of 1/2", tau=0.5)))
    return replace(audit, results=(replace(first, negative=fine), *audit.results[1:]))


@pytest.fixture(scope="session")
def statement(audit) -> Audit:
    """The runs with a claim about none of them: one case has the name of a run."""
    (claim,) = find_claims(("5",))
    cases = tuple(replace(f, instance=name) for f, name in
                  zip(claim.findings(), ("table", "other"), strict=True))  # fmt: skip
    return replace(audit, results=(ClaimResult(claim, cases, check_negative(claim)),))
