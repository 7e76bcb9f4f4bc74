"""Formulas: well-formed MathML that says what the LaTeX says, for every claim."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from breglab.report.mathml import mathml
from breglab.theory import all_claims

ARITY = {
    "msub": 2, "msup": 2, "msubsup": 3, "munder": 2, "mover": 2, "munderover": 3, "mfrac": 2,
    "mroot": 2,
}  # fmt: skip
LETTERS = {
    "theta": "θ", "delta": "δ", "tau": "τ", "mu": "μ", "nu": "ν", "sigma": "σ", "rho": "ρ",
    "gamma": "γ", "beta": "β", "lambda": "λ", "varphi": "φ", "nabla": "∇", "Delta": "Δ",
    "le": "≤", "forall": "∀", "exists": "∃", "mathbb E": "𝔼", "mathcal L": "ℒ", "sum": "∑",
}  # fmt: skip
CLAIMS = all_claims()


def parse(latex: str) -> ElementTree.Element:
    return ElementTree.fromstring(mathml(latex).replace(' xmlns="http://www.w3.org/1998/Math/MathML"', ""))  # fmt: skip # noqa: E501


def text(element: ElementTree.Element) -> str:
    return "".join(element.itertext())


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_scripts_and_fractions_have_their_parts(claim):
    for element in parse(claim.latex).iter():
        if element.tag in ARITY:
            assert len(element) == ARITY[element.tag], ElementTree.tostring(element)
        assert element.get("mathvariant") in (None, "normal")  # others are not rendered


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_every_symbol_of_the_latex_is_there(claim):
    shown = text(parse(claim.latex)).replace("ϕ", "φ")
    for command, letter in LETTERS.items():
        wanted = len(re.findall(rf"\\{command}(?![a-zA-Z])", claim.latex))
        assert shown.count(letter) == wanted, (command, shown)
    assert "\\" not in shown


def test_the_minimiser_is_a_word_over_its_constraint():
    latex = next(claim.latex for claim in CLAIMS if claim.id == "X3")
    over = {text(m[0]): text(m[1]) for m in parse(latex).iter("munder")}
    assert over == {"lim": "k", "argmin": "Aθ=b"}


def test_words_are_words():
    found = parse(r"D_J^{sym}+\operatorname{prox}_{\delta J}(v)\max(a,b)")
    operators = {e.text: e for e in found.iter("mo")}
    assert operators["prox"].get("rspace") == operators["max"].get("rspace") == "0"
    assert [e.text for e in found.iter("mtext")] == ["sym"]


def test_capital_letters_of_both_alphabets():
    shown = text(parse(r"\mathcal A\mathcal R\mathbb E\mathbb R\mathbb N"))
    assert shown == "𝒜ℛ𝔼ℝℕ"
