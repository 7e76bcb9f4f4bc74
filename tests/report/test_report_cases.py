"""The table of a few samples: every sample of every case, each with its own numbers."""

from __future__ import annotations

import numpy as np
import pytest

from breglab.report._cases import case_table
from breglab.theory import ClaimResult, Finding, Margins, Verdict, find_claims

CLAIM = find_claims("5")[0]


def finding(name, *margin, tolerance=0.0):
    rhs = np.array(margin, dtype=float)
    zero = np.zeros_like(rhs)
    margins = Margins(np.arange(len(rhs)) + 3, zero - 1.0, rhs - 1.0, zero + 2.0, tolerance)
    return Finding(CLAIM.id, name, margins.verdict, margins)


def test_every_sample_is_a_row_with_its_own_margin_and_verdict():
    one, two = finding("one", 4.0, -6.0, 0.0), finding("two", 8.0)
    bad = finding("negative case", -2.0, 2.0)
    apart = Finding(CLAIM.id, "apart", Verdict.NOT_APPLICABLE)
    rows = case_table(ClaimResult(CLAIM, (one, apart, two), bad))
    assert [(r.name, r.k, r.left, r.right, r.margin, r.verdict, r.negative) for r in rows] == [
        ("one", 3, -1.0, 3.0, 2.0, "holds", False),
        ("one", 4, -1.0, -7.0, -3.0, "violated", False),
        ("one", 5, -1.0, -1.0, 0.0, "holds", False),
        ("two", 3, -1.0, 7.0, 4.0, "holds", False),
        ("negative case", 3, -1.0, -3.0, -1.0, "violated", True),
        ("negative case", 4, -1.0, 1.0, 1.0, "holds", True),
    ]


def test_a_counterexample_among_the_cases_is_shown_once():
    bad = finding("counterexample", -1.0)
    rows = case_table(ClaimResult(CLAIM, (finding("one", 1.0), bad), bad))
    assert [row.name for row in rows] == ["one", "counterexample"]


@pytest.mark.parametrize(("samples", "rows"), [(7, 8), (8, 0)])
def test_more_than_eight_samples_are_no_table(samples, rows):
    result = ClaimResult(CLAIM, (finding("one", *range(samples)),), finding("negative case", -1.0))
    assert len(case_table(result)) == rows
