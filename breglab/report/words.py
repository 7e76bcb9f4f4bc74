"""How the page writes numbers and the plain-text mathematics of the claims."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Collection

from markupsafe import Markup, escape

from breglab.theory import Claim, Kind

_LETTERS = {
    "tau": "τ", "delta": "δ", "theta": "θ", "lam": "λ", "mu": "μ", "nu": "ν", "sigma": "σ",
    "rho": "ρ", "phi": "φ", "gamma": "γ", "beta": "β", "kappa": "κ", "grad": "∇", "xi": "ξ",
    "eps": "ε", "alpha": "α", "Delta": "Δ",
}  # fmt: skip
_SUPERSCRIPT = str.maketrans("-+0123456789kijnNT", "⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹ᵏⁱʲⁿᴺᵀ")
_SUBSCRIPT = str.maketrans("-+0123456789kijnmt", "₋₊₀₁₂₃₄₅₆₇₈₉ₖᵢⱼₙₘₜ")
_GREEK = "τδθλμνσρφγβκξεαΔ"


def _lowered(found: re.Match[str]) -> str:
    return str(found[1] or found[2]).translate(_SUBSCRIPT)


def _raised(found: re.Match[str]) -> str:
    return str(found[1] or found[2]).translate(_SUPERSCRIPT)


_REPLACE: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"\b1e(-\d+)"), lambda m: "10" + m[1].translate(_SUPERSCRIPT)),
    (re.compile(r"\|([^|]+)\|_1\b"), r"‖\1‖₁"),
    (re.compile(rf"(?<![A-Za-z0-9])({'|'.join(_LETTERS)})(?=\b|_)"), lambda m: _LETTERS[m[1]]),
    (re.compile(r"<(?! )([^<>=]+), ([^<>=]+)(?<! )>"), r"⟨\1, \2⟩"),
    (re.compile(r"∇ (?=\w)"), "∇"),
    (re.compile(r"<="), "≤"),
    (re.compile(r">="), "≥"),
    (re.compile(r"(?<= )->(?= )"), "→"),
    (re.compile(r"\+-"), "±"),
    (re.compile(r"(?<=[<=] )inf\b(?! [A-Z])"), "∞"),
    (re.compile(rf"\bsum(?=_| [{_GREEK}])"), "Σ"),
    (re.compile(r"\bsqrt\("), "√("),
    # Indices and exponents that Unicode has letters for; `typeset` serves the others.
    (re.compile(r"_([\dkijnmt]|\d+)(?![\w{])|_\{([-+\dkijnmt]+)\}"), _lowered),
    (re.compile(r"\^(-?\d+|[kijnNT])(?!\w)|\^\{([-+\dkijnNT]+)\}"), _raised),
    (re.compile(rf"(?<![\w)\]}}|*⟩^'-])-(?=[\d.∇⟨(|{_GREEK}])"), "−"),
    (re.compile(r"(?<=[\w)\]}|*⟩²³ₖ₀₁ᵏ¹⁰]) - (?=[\w(|⟨√∇])"), " − "),
    (re.compile(r"(?<=[0-9²³LNτδλμνσργβκ]) (?=[Lτδλμνσργβκ](?![a-z*]))"), ""),
    (re.compile(r"\|\.\|"), "|·|"),
    (re.compile(r"‖\.‖"), "‖·‖"),
)  # fmt: skip
_ID = r"[\dX][\w-]*"
_CLAIMS = re.compile(rf"\bclaims? {_ID}(?:, {_ID})*(?:,? and {_ID})?")
_BRACES = r"\{(?:[^{}]|\{[^{}]*\})*\}"
_RAISED = re.compile(rf"\^({_BRACES}|-?\([^()]*\)|-?\w+)")
_LOWERED = re.compile(rf"_({_BRACES}|[A-Za-z0-9{_GREEK}]+)")
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


def typeset(text: str, ids: Collection[str] = ()) -> Markup:
    """Return plain text as HTML, its mathematics in symbols, with indices and exponents.

    Parameters
    ----------
    text : str
        In the way the claims are written.
    ids : collection of str
        Claims that have a section: ``claim 18`` becomes a link to it.
    """
    html = _scripts(str(escape(symbols(text))))

    def link(found: re.Match[str]) -> str:
        return f'<a href="#claim-{found[0]}">{found[0]}</a>' if found[0] in ids else found[0]

    return Markup(_CLAIMS.sub(lambda phrase: re.sub(rf"\b{_ID}", link, phrase[0]), html))


def _scripts(html: str) -> str:
    """Return HTML with elements for the indices and exponents."""
    html = _LOWERED.sub(lambda found: _element("sub", found[1]), html)
    return _RAISED.sub(lambda found: _element("sup", found[1]), html)


def _element(tag: str, text: str) -> str:
    """Return an index or exponent without the brackets that hold it together."""
    inner = text[1:-1] if text[0] in "{(" else text
    return f"<{tag}>{_scripts(inner).replace('-', '−')}</{tag}>"


def sentence(text: str) -> str:
    """Return text with a capital in front and a full stop at the end."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) or not text else ".")


def docstring_field(claim: Claim, label: str) -> str:
    """Return one labelled part of a claim's docstring in one line; empty if it is not there."""
    text = inspect.getdoc(type(claim)) or ""
    following = "|".join(_LABELS)
    found = re.search(rf"^{label}: (.*?)(?=^(?:{following}):|^\s*$|\Z)", text, re.S | re.M)
    return " ".join(found[1].split()) if found else ""
