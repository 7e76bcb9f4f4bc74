"""How the page writes numbers and the plain-text mathematics of the claims."""

from __future__ import annotations

import inspect
import math
import re

from breglab.theory import Claim, Kind

_LETTERS = {
    "tau": "τ", "delta": "δ", "theta": "θ", "lam": "λ", "mu": "μ", "nu": "ν", "sigma": "σ",
    "rho": "ρ", "phi": "φ", "gamma": "γ", "beta": "β", "kappa": "κ", "grad": "∇",
}  # fmt: skip
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_REPLACE = (
    (re.compile(r"\b1e(-\d+)"), lambda m: "10" + m[1].translate(_SUPERSCRIPT)),
    (re.compile(r"\|([^|]+)\|_1\b"), r"‖\1‖₁"),
    (re.compile(r"\b(" + "|".join(_LETTERS) + r")(?=\b|_)"), lambda m: _LETTERS[m[1]]),
    (re.compile(r"∇ (?=\w)"), "∇"),
    (re.compile(r"<="), "≤"),
    (re.compile(r">="), "≥"),
    (re.compile(r"(?<= )->(?= )"), "→"),
    (re.compile(r"\+-"), "±"),
    (re.compile(r"< inf\b"), "< ∞"),
    (re.compile(r"\^2"), "²"),
    (re.compile(r"\^3"), "³"),
    (re.compile(r"\^T\b"), "ᵀ"),
    (re.compile(r"\^0\b"), "⁰"),
    (re.compile(r"\bd_0\b"), "d₀"),
    (re.compile(r"\bd_k\b"), "dₖ"),
    (re.compile(r"(?<![\w)])-(?=\d)"), "−"),
    (re.compile(r"(?<=[\w)\]]) - (?=[\w(])"), " − "),
    (re.compile(r"(?<=[0-9²³LNτδλμνσργβ]) (?=[Lτδλμνσργβ](?![a-z]))"), ""),
    (re.compile(r"\|\.\|"), "|·|"),
    (re.compile(r"‖\.‖"), "‖·‖"),
)  # fmt: skip
_LABELS = ("Statement", "Hypotheses", "Checked", "Tight", "Source")


def number(x: float | None) -> str:
    """Return a number in a few digits: ``0.88``, ``−9.0·10⁻¹⁷``, and a dash for None."""
    if x is None or not math.isfinite(x):
        return "–"
    if x == 0:
        return "0"
    sign = "−" if x < 0 else ""
    if 1e-2 <= abs(x) < 1e4:
        return f"{sign}{abs(x):.3g}"
    mantissa, exponent = f"{abs(x):.1e}".split("e")
    return f"{sign}{mantissa}·10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def kind_words(kind: Kind) -> str:
    """Return the kind of a claim in two or three words."""
    return "beyond the paper" if kind is Kind.BEYOND else kind.name.lower().replace("_", " ")


def symbols(text: str) -> str:
    """Return plain text with its mathematics in symbols: ``tau <= 2/(delta L)`` as τ ≤ 2/(δ L)."""
    text = text.replace("``", "")
    for pattern, replacement in _REPLACE:
        text = pattern.sub(replacement, text)
    return text


def sentence(text: str) -> str:
    """Return text with a capital in front and a full stop at the end."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) or not text else ".")


def docstring_field(claim: Claim, label: str) -> str:
    """Return one labelled part of a claim's docstring in one line; empty if it is not there."""
    text = inspect.getdoc(type(claim)) or ""
    following = "|".join(_LABELS)
    found = re.search(rf"^{label}: (.*?)(?=^(?:{following}):|^\s*$|\Z)", text, re.S | re.M)
    return " ".join(found[1].split()) if found else ""
