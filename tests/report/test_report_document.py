"""The JSON document: valid against its schema, true to the audit, and the schema can refuse."""

from __future__ import annotations

import copy
import json
import math
from dataclasses import replace

import jsonschema
import numpy as np
import pytest

from breglab.report import document, json_text, page, schema
from breglab.report.words import kind_words
from breglab.theory import Finding, Kind, Margins, Verdict


def validate(content) -> None:
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(schema(), format_checker=checker).validate(content)


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(schema())


def test_the_document_is_valid_also_after_a_round_trip(content):
    validate(content)
    again = json.loads(json_text(content))
    assert again == content
    validate(again)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema_version",), "2.0"),
        (("created",), "yesterday"),
        (("suite",), "tiny"),
        (("seed",), -1),
        (("seed",), 0.5),
        (("as_expected",), "yes"),
        (("claims",), []),
        (("more",), 1),
        (("environment", "host"), "name"),
        (("claims", 0, "verdict"), "true"),
        (("claims", 0, "kind"), "proved"),
        (("claims", 0, "section"), 1.1),
        (("claims", 0, "about_runs"), "yes"),
        (("claims", 0, "worst_margin"), "0.1"),
        (("claims", 0, "tolerance"), -1.0),
        (("claims", 0, "instances", 0, "worst_k"), 1.5),
        (("claims", 0, "negative_instance", "caught"), None),
        (("runs", 0, "size"), 0),
        (("runs", 0, "last", "loss"), "small"),
    ],
)
def test_a_tampered_document_is_refused(content, path, value):
    tampered = copy.deepcopy(content)
    target = tampered
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        validate(tampered)


def keys(node, path=()):
    """Yield the paths of all keys of the first of everything."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield (*path, key)
            yield from keys(value, (*path, key))
    elif isinstance(node, list) and node:
        yield from keys(node[0], (*path, 0))


def test_a_document_without_any_one_of_its_keys_is_refused(content):
    paths = list(keys(content))
    assert len(paths) > 60
    for path in paths:
        tampered = copy.deepcopy(content)
        target = tampered
        for key in path[:-1]:
            target = target[key]
        del target[path[-1]]
        with pytest.raises(jsonschema.ValidationError):
            validate(tampered)


def test_the_document_says_what_the_audit_found(audit, content):
    assert content["as_expected"] is audit.as_expected
    assert content["created"] == "2025-01-02T03:04:05Z"
    for result, claim in zip(audit.results, content["claims"], strict=True):
        assert claim["id"] == result.claim.id
        assert claim["section"] == result.claim.section
        assert claim["verdict"] == result.verdict.value
        assert claim["as_expected"] is result.as_expected
        assert [f["name"] for f in claim["instances"]] == [f.instance for f in result.findings]
        for found, finding in zip(claim["instances"], result.findings, strict=True):
            assert found["verdict"] == finding.verdict.value
            assert found["reason"] == finding.reason
            margins = finding.margins
            assert found["worst_margin"] == (None if margins is None else margins.worst)
        least = [f["worst_margin"] for f in claim["instances"] if f["worst_margin"] is not None]
        assert claim["worst_margin"] == min(least, default=None)
    for run, data in zip(audit.runs, content["runs"], strict=True):
        assert data["last"]["loss"] == run.trace["loss"][-1]
        assert data["last"]["support"] == np.count_nonzero(run.trace.theta)
        assert data["iterations"] == run.instance.iterations


def test_own_and_negative_instances_have_their_titles(content):
    by_id = {claim["id"]: claim for claim in content["claims"]}
    titles = {f["name"]: f["title"] for f in by_id["18"]["instances"]}
    assert titles["flip"].startswith("J = 0")
    assert by_id["18"]["negative_instance"]["title"] == titles["flip"]
    assert titles["table"] == content["runs"][0]["title"]


def test_numbers_that_are_not_finite_are_null(audit):
    first = audit.results[0]
    k = np.arange(2)
    nan = Margins(k, np.zeros(2), np.array([math.nan, math.nan]), np.ones(2), 0.0)
    finding = Finding("1", "broken", Verdict.INCONCLUSIVE, nan, "the margins are not finite")
    broken = replace(first, findings=(finding,), negative=finding)
    content = document(replace(audit, results=(broken,), seconds=math.inf))
    validate(content)
    claim = content["claims"][0]
    assert claim["worst_margin"] is content["seconds"] is None
    assert claim["instances"][0]["worst_margin"] is None
    assert claim["verdict"] == "inconclusive"
    assert "NaN" not in json_text(content)
    assert "Infinity" not in json_text(content)


def test_nothing_tells_where_it_was_made(content):
    assert set(content["environment"]) == {"python", "numpy", "scipy", "cvxpy", "platform"}
    text = json_text(content)
    assert "/home/" not in text
    assert "/root/" not in text


def test_every_kind_has_its_words_in_the_schema():
    words = [kind_words(kind) for kind in Kind]
    assert words == schema()["$defs"]["claim"]["properties"]["kind"]["enum"]
    assert kind_words(Kind.FALSE_AS_PRINTED) == "false as printed"


def test_a_statement_is_about_no_run(statement):
    content = document(statement)
    validate(content)
    (claim,) = content["claims"]
    assert claim["about_runs"] is False
    assert claim["hypotheses"] == []
    assert claim["kind"] == "imprecise"
    assert {found["title"] for found in claim["instances"]} == {""}


def test_no_instance_is_built_twice(audit, monkeypatch):
    built = []
    for result in audit.results:
        make = type(result.claim).own_instances

        def once(self, make=make):
            built.append(self.id)
            return make(self)

        monkeypatch.setattr(type(result.claim), "own_instances", once)
    content = document(audit)
    page(audit, content)
    assert sorted(built) == sorted(result.claim.id for result in audit.results)
