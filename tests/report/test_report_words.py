"""Numbers and plain-text mathematics as the page writes them."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from breglab.report.words import docstring_field, number, sentence, symbols, typeset
from breglab.theory import all_claims

_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹−", "-0123456789-")


def read(text: str) -> float:
    mantissa, _, exponent = text.partition("·10")
    return float(mantissa.translate(_DIGITS)) * 10.0 ** int(exponent.translate(_DIGITS) or 0)


@given(st.floats(-300, 300) | st.floats(-7, 7), st.sampled_from([-1.0, 1.0]))
def test_a_number_is_close_to_what_is_written(exponent, sign):
    x = sign * 10.0**exponent
    assert read(number(x)) == pytest.approx(x, rel=0.05)
    assert number(x).startswith("−") == (x < 0)


def test_what_is_no_number_is_a_dash():
    assert [number(x) for x in (None, math.nan, math.inf, 0.0, 0.25)] == [
        "–",
        "–",
        "–",
        "0",
        "0.25",
    ]


@pytest.mark.parametrize(
    ("plain", "written"),
    [
        ("tau <= 2/(delta L)", "τ ≤ 2/(δL)"),
        ("the largest C is 2 - delta L tau = 0", "the largest C is 2 − δLτ = 0"),
        ("J = lam |.|_1", "J = λ ‖·‖₁"),
        ("J + |.|^2/(2 delta)", "J + |·|²/(2δ)"),
        ("a minimiser theta* with J(theta*) < inf", "a minimiser θ* with J(θ*) < ∞"),
        ("|grad L(theta)|^2, v^0 in A^T", "|∇L(θ)|², v⁰ in Aᵀ"),
        ("1 -> -1 with noise of +-1", "1 → −1 with noise of ±1"),
        ("``d_k`` and d_0/(N tau)", "dₖ and d₀/(Nτ)"),
        ("mumps, a well-known multiple, Lipschitz", "mumps, a well-known multiple, Lipschitz"),
        ("mu/(2 delta^2 L^2), 1e-8", "μ/(2δ²L²), 10⁻⁸"),
        ("d_{k+1} - d_k = -tau <g(theta^k), e_k>", "dₖ₊₁ − dₖ = −τ ⟨g(θᵏ), eₖ⟩"),
        ("(I - A)^{-1}, 10^4, a < b, c > d", "(I − A)⁻¹, 10⁴, a < b, c > d"),
        ("sum_k tau_k = inf, the sum of inf L", "Σₖ τₖ = ∞, the sum of inf L"),
        ("1 + sqrt(1 + 2 kappa), J_delta", "1 + √(1 + 2κ), J_δ"),
    ],
)
def test_plain_text_gets_its_symbols(plain, written):
    assert symbols(plain) == written


@pytest.mark.parametrize(
    ("plain", "html"),
    [
        ("D_J < L_N^2 & N_total", "D<sub>J</sub> &lt; L<sub>N</sub>² &amp; N<sub>total</sub>"),
        (
            "D_{J_delta}^{v^k}(x)",
            "D<sub>J<sub>δ</sub></sub><sup>vᵏ</sup>(x)",
        ),
        ("2^-(k+1), |theta|^(3/2)", "2<sup>−(k+1)</sup>, |θ|<sup>3/2</sup>"),
        ("A_S^T y", "A<sub>S</sub>ᵀ y"),
    ],
)
def test_what_has_no_letter_is_lowered_or_raised(plain, html):
    assert typeset(plain) == html


def test_claims_that_are_spoken_of_are_links_if_they_have_a_section():
    known = {"18-corrected", "19", "20", "44-long"}
    found = typeset("(claim 18-corrected), claims 19, 44-long and 20; claim 7, 18 and 19", known)
    for name in known:
        assert found.count(f'<a href="#claim-{name}">{name}</a>') == 1 + (name == "19")
    assert "; claim 7, 18 and <a" in found
    assert typeset("beta = 1/2 and 19 steps of (19)", known) == "β = 1/2 and 19 steps of (19)"


def test_no_text_of_a_claim_keeps_a_brace_or_a_script():
    for claim in all_claims():
        for text in (claim.words, claim.tight, claim.proof):
            left = re.sub(r"<[^>]*>", "", typeset(text))
            assert not re.search(r"[{}^_]", left), (claim.id, left)


def test_sentences():
    assert [sentence(t) for t in ("", "one", "Two.", "why?")] == ["", "One.", "Two.", "Why?"]


@pytest.mark.parametrize("claim", all_claims(), ids=lambda claim: claim.id)
def test_every_claim_says_how_it_is_checked(claim):
    checked = docstring_field(claim, "Checked")
    assert len(checked) > 10
    for other in ("Statement:", "Hypotheses:", "Tight:", "Source:"):
        assert other not in checked
    assert docstring_field(claim, "Nothing") == ""
