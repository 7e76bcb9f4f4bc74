"""The audit itself: processes, progress, claims that raise, and refused arguments."""

from __future__ import annotations

from dataclasses import replace

import joblib
import numpy as np
import pytest
from dask.distributed import Client, LocalCluster

from breglab.geometry import L1, ElasticNet
from breglab.problems import MiniBatch, Quadratic, load
from breglab.theory import (
    CLAIMS,
    Claim,
    Instance,
    Margins,
    Verdict,
    all_claims,
    common_instances,
    execute,
    find_claims,
    verify,
)


def test_instances_of_a_suite_have_unique_names():
    quick = [instance.name for instance in common_instances("quick")]
    full = [instance.name for instance in common_instances("full")]
    assert len(set(quick)) == len(quick)
    assert len(set(full)) == len(full) == 5 * len(quick)


def test_the_seed_decides_the_generated_instances():
    first, again, other = (common_instances("quick", seed) for seed in (1, 1, 2))
    pick = [next(i for i in s if i.name == "gaussian") for s in (first, again, other)]
    matrices = [instance.loss.matrix for instance in pick]
    assert np.array_equal(matrices[0], matrices[1])
    assert not np.array_equal(matrices[0], matrices[2])


def test_two_processes_find_what_one_finds(convex):
    ids = ("1", "35", "18")
    audit = verify(find_claims(ids), instances=convex)
    pair = verify(find_claims(ids), instances=convex, jobs=2)
    for result in pair.results:
        (alone,) = [r for r in audit.results if r.claim.id == result.claim.id]
        assert [(f.instance, f.verdict) for f in result.findings] == [
            (f.instance, f.verdict) for f in alone.findings
        ]
        for ours, theirs in zip(result.applicable, alone.applicable, strict=True):
            assert ours.margins.worst == theirs.margins.worst


def test_a_dask_cluster_can_do_the_work(convex):
    with (
        LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
        ) as cluster,
        Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        found = verify(find_claims(("2", "35")), instances=convex, jobs=2)
    assert found.as_expected


def test_progress_counts_every_piece_of_work(convex):
    seen = []
    claims = find_claims(("2",))
    verify(claims, instances=convex, on_progress=lambda done, total: seen.append((done, total)))
    total = seen[0][1]
    assert seen == [(done, total) for done in range(1, total + 1)]


class _Raises(Claim):
    id, title, source, latex, words = "raises", "t", "s", "x", "w"

    def margins(self, run):
        raise ZeroDivisionError("of the user")

    def negative_instance(self):
        raise LookupError("no instance")


class _NaN(Claim):
    id, title, source, latex, words = "nan", "t", "s", "x", "w"

    def margins(self, run):
        k = run.trace.k
        nan = np.full(len(k), np.nan)
        return Margins(k, nan, nan, np.ones(len(k)), 1e-12)

    def negative_instance(self):
        return find_claims(("2",))[0].negative_instance()


def test_a_claim_that_raises_or_returns_nan_is_named_and_the_others_go_on(convex):
    found = verify([_Raises(), _NaN(), *find_claims(("2",))], instances=convex)
    raises, nan, sound = found.results
    assert raises.verdict is nan.verdict is Verdict.INCONCLUSIVE
    assert "ZeroDivisionError: of the user" in raises.applicable[0].reason
    assert "LookupError" in raises.negative.reason
    assert "not finite" in nan.applicable[0].reason
    assert not raises.as_expected
    assert not nan.as_expected
    assert sound.as_expected
    assert not found.as_expected


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"suite": "huge"}, "suite must be one of 'quick', 'full', got 'huge'"),
        ({"seed": -1}, "seed must be an integer >= 0, got -1"),
        ({"seed": 0.5}, "seed must be an integer >= 0, got 0.5"),
        ({"jobs": 0}, "jobs must be an integer >= 1, got 0"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        verify(all_claims()[:1], **arguments)


def test_an_unknown_claim_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"claim must be among 1, 2, .*X5.*; got '99'"):
        find_claims(("1", "99"))


def test_one_id_is_one_claim_and_not_its_letters():
    assert [claim.id for claim in find_claims("44")] == ["44"]
    assert len(find_claims()) == len(CLAIMS)


def test_repeated_claims_and_instances_are_refused(convex):
    (claim,) = find_claims("2")
    with pytest.raises(ValueError, match="claims must be named once each, got 2 again"):
        verify([claim, claim])
    with pytest.raises(ValueError, match="instances must be named once each, got quadratic, J = 0"):
        verify([claim], instances=[convex[0], convex[0]])


def test_transitions_are_refused_for_a_rule_with_a_memory(instances):
    run = execute(replace(instances["gaussian, momentum"], iterations=3))
    with pytest.raises(ValueError, match="transitions are those of the gradient rule"):
        run.transitions  # noqa: B018


def test_transitions_too_large_for_the_memory_are_refused():
    loss = load("breast-cancer").loss
    phi = ElasticNet(L1(0.1), 1.0)
    run = execute(Instance("large", "t", MiniBatch(loss, 1), phi, 0.1, 3000))
    with pytest.raises(ValueError, match="569 atoms x 3001 iterates x 30 unknowns are more than"):
        run.transitions  # noqa: B018


def test_an_instance_takes_what_run_takes():
    loss = load("quadratic").loss
    instance = Instance("plain", "t", loss, ElasticNet(L1(0.1), 1.0), 0.5, 20, sample=5)
    assert list(execute(instance).trace.k) == [0, 5, 10, 15, 20]
    with pytest.raises(TypeError, match="oracle must be an Oracle or a Loss, got 3"):
        Instance("wrong", "t", 3, ElasticNet(L1(0.1), 1.0), 0.5)


def test_an_instance_that_cannot_be_pickled_is_checked_in_this_process(convex):
    class Local(ElasticNet):
        def __reduce__(self):
            raise TypeError("not to be pickled")

    (claim,) = find_claims("19")
    stuck = replace(convex[1], name="stuck", phi=Local(L1(0.2), 2.0))
    (result,) = verify([claim], instances=[stuck, convex[0]], jobs=2).results
    assert {f.verdict for f in result.applicable} == {Verdict.HOLDS}
    assert {"stuck", convex[0].name} <= {f.instance for f in result.applicable}


def test_single_precision_is_refused_in_a_sentence():
    loss = Quadratic(np.eye(2, dtype=np.float32), np.ones(2, dtype=np.float32))
    with pytest.raises(TypeError, match="checked in double precision; the loss of 'single'"):
        execute(Instance("single", "t", loss, ElasticNet(L1(0.1), 1.0), 0.5, 5))


class _NoInstances(_NaN):
    id = "no-instances"

    def own_instances(self):
        raise OSError("a file is missing")


def test_own_instances_that_cannot_be_made_are_named(convex):
    (result,) = verify([_NoInstances()], instances=[]).results
    assert "OSError: a file is missing" in result.findings[0].reason
    with pytest.raises(TypeError, match="instances must hold objects of the class Instance, got 3"):
        verify([_NaN()], instances=[3])
    with pytest.raises(ValueError, match="claims must hold at least one claim"):
        verify([])
