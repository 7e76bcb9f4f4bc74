"""Formulas in the terminal: Unicode text that means what the LaTeX does."""

from __future__ import annotations

import pytest

from breglab.report.formulas import readable
from breglab.theory import all_claims


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\tfrac{\delta\tau^2}2\|g\|^2", "(δτ²/2)‖g‖²"),
        (r"\tfrac{a}{2(b-1)}", "a/(2(b − 1))"),
        (r"\frac{a}{(b)(c)}", "a/((b)(c))"),
        (r"\frac{c}{(k+1)^p}", "c/(k + 1)ᵖ"),
        (r"\frac{a+b}{c}\le\tfrac12", "(a + b)/c ≤ 1/2"),
        (r"\frac{-a}{b}", "(−a)/b"),
        (r"\tfrac12\,x", "(1/2) x"),
        (r"\frac{a}{b}^2", "(a/b)²"),
        (r"{a+b}^2", "(a + b)²"),
        (r"\sqrt2+\sqrt{n_g}+\sqrt n", "√2 + √(n_g) + √n"),
        (r"\sqrt{a b}", "√(ab)"),
        (r"\theta^{(k+1)}_i-\theta^*", "θᵢ⁽ᵏ⁺¹⁾ − θ*"),
        (r"D_J^p", "Dᵖ_J"),
        (r"D^{v^{(k+1)}}_{J_\delta}", "D^{v⁽ᵏ⁺¹⁾}_{J_δ}"),
        (r"A_S^\top y", "A^⊤_S y"),
        (r"\hat m\ \tilde\theta\ \ddot v", "m̂ θ̃ v̈"),
        (r"a\ne b\iff a\not\to b", "a ≠ b ⟺ a ↛ b"),
        (r"-|v|-|{-w}|", "−|v| − |−w|"),
        (r"\lambda\operatorname{sign}(v)\max(a,-b)", "λ sign(v) max(a, −b)"),
        (r"\operatorname*{arg\,min}_{A\theta=b}\|\theta\|_1", "argmin_{Aθ=b} ‖θ‖₁"),
        (r"\sum_{j=k}^{m-1}\tau_j^2", "∑ⱼ₌ₖᵐ⁻¹τⱼ²"),
        (r"\begin{cases}1&c\le1\\2c&c\ge1\end{cases}", "{1 if c ≤ 1; 2c if c ≥ 1"),
        (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "(1, 2; 3, 4)"),
        (r"N:=1\quad\text{for all }x", "N := 1 for all x"),
        (r"\frac{", r"\frac{"),
        ("", ""),
    ],
)
def test_a_formula_in_text_means_the_same(latex, text):
    assert readable(latex) == text


@pytest.mark.parametrize("claim", all_claims(), ids=lambda claim: claim.id)
def test_no_claim_shows_its_latex(claim):
    text = readable(claim.latex)
    assert not set(text) & set("\\&$~\u2061")
    for opening, closing in (("([", ")]"), "⟨⟩"):  # intervals may be half open
        assert sum(map(text.count, opening)) == sum(map(text.count, closing))
    assert text.count("|") % 2 == text.count("‖") % 2 == 0
