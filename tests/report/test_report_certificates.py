"""The certificates on the page of a claim: exact, verified at that moment, or said to be none."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from report_pages import article, proved

from breglab.report import _certificates, document, page
from breglab.theory.certificates import load_certificate


def test_certificates_are_verified_and_shown_with_all_their_multipliers(audit):
    found = proved(audit, "19", ("loss-decay", "rate-one-point"), "")
    content = document(found)
    first, second = content["claims"][0]["certificates"]
    assert first["verified"] is second["verified"] is True
    saved = load_certificate("rate-one-point")
    kept = {m["inequality"]: Fraction(m["weight"]) for m in second["multipliers"]}
    assert kept == saved.multipliers
    assert Fraction(second["bound"]) == saved.bound
    part = article(page(found, content), "19")
    assert part.count("verified just now without a solver") == 2
    for name, weight in saved.multipliers.items():
        assert f'{name} <span class="number">× {weight}</span>' in part
    assert "breglab/theory/certificates/data/loss-decay.json" in part
    assert "the loss satisfies (3.3) with constant L" in part.replace("The loss", "the loss")


def test_many_certificates_fold_their_multipliers_and_lose_none(audit):
    names = ("rate-sharp", "rate-full", "rate-one-point", "rate-two-steps")
    found = proved(audit, "19", names, "")
    part = article(page(found, document(found)), "19")
    for name in names:
        for inequality, weight in load_certificate(name).multipliers.items():
            assert f'{inequality} <span class="number">× {weight}</span>' in part
    assert part.count("<summary>Hypotheses and ") == len(names)


def test_the_formula_of_a_certificate_is_its_sentence():
    def latex(name):
        return _certificates._latex(load_certificate(name))

    assert latex("rate-sharp") == r"d_{1}\le \frac{1}{2}\,d_{0}"
    assert latex("loss-decay") == (
        r"\mathcal L(\theta^{(1)})-\mathcal L(\theta^{(0)})+2\,D_\varphi^{sym}"
        r"(\theta^{(1)},\theta^{(0)})\le \frac{1}{2}\,\|\theta^{(1)}-\theta^{(0)}\|^2"
    )
    # L* stays where the losses do not cancel.
    assert latex("convex-rate-two-steps").startswith(r"\mathcal L(\theta^{(2)})-\mathcal L^*\le ")
    assert latex("distance-decreases") == (
        r"d_{1}-d_{0}\le -\frac{3}{8}\,\|\nabla\mathcal L(\theta^{(0)})\|^2"
    )


def test_a_certificate_that_is_no_proof_is_said_to_be_none(audit, monkeypatch):
    saved = load_certificate("rate-sharp")
    lower = replace(saved, bound=saved.bound - Fraction(1, 10**6))
    monkeypatch.setattr(_certificates, "load_certificate", lambda name: lower)
    found = proved(audit, "19", ("rate-sharp",), "")
    content = document(found)
    (certificate,) = content["claims"][0]["certificates"]
    assert certificate["verified"] is False
    assert certificate["reason"]
    part = article(page(found, content), "19")
    assert "not verified" in part
    assert "verified just now" not in part


def test_an_unknown_certificate_is_said_to_be_unknown(audit):
    found = proved(audit, "19", ("nonsense",), "")
    (certificate,) = document(found)["claims"][0]["certificates"]
    assert certificate["verified"] is False
    assert "nonsense" in certificate["reason"]
