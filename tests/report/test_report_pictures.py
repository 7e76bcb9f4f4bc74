"""The pictures of counterexamples: one wherever there can be, and it shows what it says."""

from __future__ import annotations

import numpy as np
import pytest

from breglab.report._pictures import _drawn, _picture, captions, claim_pictures
from breglab.report._sketches import _SKETCHES, sketch
from breglab.theory import ClaimResult, Statement, all_claims, find_claims
from breglab.theory.small import parabola


def drawable(claim) -> bool:
    return not isinstance(claim, Statement) and claim.negative_instance().loss.size <= 2


@pytest.mark.parametrize("claim", all_claims(), ids=lambda claim: claim.id)
def test_every_small_counterexample_has_its_pictures_and_each_its_caption(claim):
    wanted = (claim.id in _SKETCHES) + drawable(claim)
    found = claim_pictures(ClaimResult(claim, (), None))
    assert len(found) == wanted
    known = captions().get(claim.id, [])
    texts = [known] if isinstance(known, str) else known
    assert [picture.caption for picture in found] == texts
    assert all(text.endswith((".", "…")) for text in texts)


def test_there_is_no_caption_without_a_claim():
    assert set(captions()) <= {claim.id for claim in all_claims()}


def test_claims_of_other_packages_get_no_sketch_of_ours():
    (ours,) = find_claims(("28",))
    theirs = type("SameSigns", (type(ours),), {"__module__": "my_claims"})()
    assert sketch(ours) is not None
    assert sketch(theirs) is None


def test_a_claim_of_ones_own_gets_a_picture_with_what_is_known(audit):
    (claim,) = find_claims(("19",))
    instance = parabola("mine", "My own instance", tau=0.5)
    mine = type("Mine", (type(claim),), {"id": "mine", "negative_instance": lambda self: instance})
    (picture,) = claim_pictures(ClaimResult(mine(), (), None))
    assert picture.caption == "My own instance: the loss is 0.5 at first, then 0.125."
    broken = type("Broken", (type(claim),), {"negative_instance": lambda self: 1 / 0})
    assert claim_pictures(ClaimResult(broken(), (), None)) == []


def walk(name: str) -> np.ndarray:
    """Return the iterates on the sketch of a claim."""
    axes = sketch(find_claims((name,))[0]).axes[0]
    return np.asarray(
        next(line for line in axes.get_lines() if line.get_marker() == "o").get_xydata()
    )


def test_the_sketches_show_what_their_captions_say():
    assert np.all(walk("5")[:, 1] == 0.0)
    assert np.all(np.diff(walk("6")[:, 1]) > 0)  # uphill
    assert walk("6")[-1, 0] == pytest.approx(2.0, abs=0.01)
    assert walk("24").tolist() == [[0.0, 0.0], [4.0, 0.0]]
    assert walk("30")[-1, 0] == pytest.approx(7.94, abs=5e-3)
    assert np.all(np.diff(walk("31")[:, 0]) < 0)
    assert walk("X1")[:4, 1].tolist() == [0.5, 0.125, 0.0, 0.03125]
    assert walk("X2")[1, 1] == pytest.approx(9 * walk("X2")[0, 1], rel=1e-9)


def curve(name: str, label: str) -> np.ndarray:
    axes = sketch(find_claims((name,))[0]).axes[0]
    return np.asarray(next(x for x in axes.get_lines() if x.get_label() == label).get_xydata())


def test_the_functions_show_what_their_captions_say():
    entry = curve("4-limit", "first entry")
    assert np.all((entry[:, 1] == 0) == (entry[:, 0] >= 0.5))
    assert entry[10] == pytest.approx([0.1, 0.16])
    growth = curve("47", "k dₖ")
    assert growth[-1, 1] / growth[-30, 1] == pytest.approx(
        np.sqrt(growth[-1, 0] / growth[-30, 0]), rel=1e-2
    )
    slope = curve("16-converse", "gradient")
    near = np.argmin(np.abs(slope[:, 0] - 0.01))
    assert abs(slope[near, 1]) > 10 * slope[near, 0]
    largest = curve("26", "J = |θ|")
    assert largest[0, 1] < 1.01 * largest[0, 0]
    dots = [line for line in sketch(find_claims(("15",))[0]).axes[0].get_lines()
            if line.get_marker() == "o"]  # fmt: skip
    minima = [float(dot.get_xdata()[0]) for dot in dots]
    assert minima == sorted(minima, reverse=True)
    assert minima[-1] > 1.05
    assert "D = 1" in {t.get_text() for t in sketch(find_claims(("28",))[0]).axes[0].texts}


def test_a_run_that_runs_away_is_cut_and_a_long_one_thinned():
    star = np.zeros(1)
    away = (-1.5) ** np.arange(30.0)[:, None]
    chosen = _drawn(away, star)
    assert chosen.tolist() == list(range(len(chosen)))
    assert abs(away[chosen[-1], 0]) <= 8 * 1.5
    long = np.stack([np.linspace(1.0, 0.0, 3000)] * 2, axis=-1)
    chosen = _drawn(long, np.zeros(2))
    assert chosen[:12].tolist() == list(range(12))
    assert chosen[-1] == 2999
    assert len(chosen) <= 40


def test_the_picture_of_a_large_problem_is_none(audit):
    figure, seen = _picture(audit.runs[0].instance)
    assert figure is None
    assert seen == ""
