"""Claim X3: the run's own certificate decides as well, and not only the distance to cvxpy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from breglab.theory import Run, Verdict, check, execute, find_claims

(CLAIM,) = find_claims("X3")


@pytest.fixture(scope="module")
def run(instances):
    return execute(instances["gaussian, momentum"])


def changed(run, **parts):
    return Run(run.instance, replace(run.trace, **parts))


def test_a_dual_variable_that_leaves_the_range_is_seen_beside_a_perfect_primal_one(run):
    A = run.instance.loss.matrix
    outside = np.linalg.svd(A)[2][-1]  # orthogonal to all rows
    assert np.max(np.abs(A @ outside)) < 1e-13
    size = 1e-8 * float(np.max(np.abs(run.trace.v)))
    finding = check(CLAIM, changed(run, v=run.trace.v + size * outside))
    assert finding.verdict is Verdict.VIOLATED
    apart, certificate = finding.margins.lhs
    assert apart <= 1e-8
    assert 1e-10 < certificate < 1e-7


def test_a_primal_variable_that_misses_the_data_is_seen(run):
    theta = run.trace.theta * (1 + 3e-9)
    finding = check(CLAIM, changed(run, theta=theta))
    assert finding.verdict is Verdict.VIOLATED
    apart, certificate = finding.margins.lhs
    assert apart <= 1e-8
    assert certificate == pytest.approx(3e-9, rel=0.1)
