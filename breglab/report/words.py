"""How page and terminal write numbers and the plain-text mathematics of the claims."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection

from markupsafe import Markup, escape

_LETTERS = {
    "tau": "τ", "delta": "δ", "theta": "θ", "lam": "λ", "mu": "μ", "nu": "ν", "sigma": "σ",
    "rho": "ρ", "phi": "φ", "gamma": "γ", "beta": "β", "kappa": "κ", "grad": "∇", "xi": "ξ",
    "eps": "ε", "alpha": "α", "Delta": "Δ", "Gamma": "Γ",
}  # fmt: skip
_SUPERSCRIPT = str.maketrans("-+0123456789kijntNT", "⁻⁺⁰¹²³⁴⁵⁶⁷⁸⁹ᵏⁱʲⁿᵗᴺᵀ")
_SUBSCRIPT = str.maketrans("-+0123456789kijnmt", "₋₊₀₁₂₃₄₅₆₇₈₉ₖᵢⱼₙₘₜ")
_GREEK = "τδθλμνσρφγβκξεαΔΓ"
_SYMBOL = rf"(?<![A-Za-z])(?:[A-Za-z]|[{_GREEK}])"
_PAIR = r"[(\[][^()\[\]]*, [^()\[\]]*[)\]]"


def _lowered(found: re.Match[str]) -> str:
    return str(found[1] or found[2]).translate(_SUBSCRIPT)


def _raised(found: re.Match[str]) -> str:
    return str(found[1] or found[2]).translate(_SUPERSCRIPT)


def _power_of_ten(found: re.Match[str]) -> str:
    mantissa = "" if found[1] == "1" else f"{found[1]}·"
    return f"{mantissa}10{str(int(found[2])).translate(_SUPERSCRIPT)}"


_REPLACE: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"(?<![\w.])(\d*\.?\d+)e([-+]?\d+)\b"), _power_of_ten),
    (re.compile(r"\|([^|]+)\|_1\b"), r"‖\1‖₁"),
    (re.compile(rf"(?<![A-Za-z0-9])({'|'.join(_LETTERS)})(?=\b|_)"), lambda m: _LETTERS[m[1]]),
    (re.compile(r"<(?! )([^<>=]+), ([^<>=]+)(?<! )>"), r"⟨\1, \2⟩"),
    (re.compile(r"∇ (?=\w)"), "∇"),
    (re.compile(r"\bd(?=[|‖]|J[(_])"), "∂"),
    (re.compile(r"<="), "≤"),
    (re.compile(r">="), "≥"),
    (re.compile(r"!="), "≠"),
    (re.compile(r"\.\.\."), "…"),
    (re.compile(r"(?<= )->(?= )"), "→"),
    (re.compile(r"\+-"), "±"),
    (re.compile(r"(?:(?<=_)|\b)inf\b(?! (?:[A-Z]|of|over)\b)"), "∞"),
    (re.compile(rf"\bsum(?=_| [{_GREEK}])"), "Σ"),
    (re.compile(r"\bint(?=_)"), "∫"),
    (re.compile(rf"\bsqrt\((\w|[{_GREEK}]|\d+)\)"), r"√\1"),
    (re.compile(r"\bsqrt\("), "√("),
    (re.compile(r"(?<=\S) \* (?=\S)"), " · "),
    (re.compile(r"(?<=\S) ~ (?=\S)"), " ∼ "),
    # What is marked: the next iterate, another point, a derivative.
    (re.compile(rf"({_SYMBOL})\+(?=$|[\s,;:.)|⟩}}'])"), r"\1⁺"),
    (re.compile(rf"({_SYMBOL})~"), "\\1\u0303"),
    (re.compile(rf"({_SYMBOL}|\btanh)''(?!\w)"), r"\1″"),
    (re.compile(rf"({_SYMBOL}|\btanh)'(?!\w)"), r"\1′"),
    # Indices and exponents that Unicode has letters for; `typeset` serves the others.
    (re.compile(r"_([\dkijnmt]|\d+)(?![\w{])|_\{([-+\dkijnmt]+)\}"), _lowered),
    (re.compile(r"\^(-?\d+|[kijntNT])(?!\w)|\^\{([-+\dkijntNT]+)\}"), _raised),
    (re.compile(r"(?<![\w)\]}|*⟩^'′″⁺-])-(?=[\w.∇∂∞⟨(|‖√Σ∫])"), "−"),
    (re.compile(r"(?<=\S) - (?=\S)"), " − "),
    (re.compile(rf"({_SYMBOL}[₀-ₜ⁰-ⁿᵏᵀ]*|\)) in (?=(?:[δλ] )?∂|{_PAIR})"), r"\1 ∈ "),
    (re.compile(r"(?<=[0-9²³LNτδλμνσργβκ]) (?=[Lτδλμνσργβκ](?![a-z*]))"), ""),
    (re.compile(r"\|\.\|"), "|·|"),
    (re.compile(r"‖\.‖"), "‖·‖"),
)  # fmt: skip
_ID = r"[\dX][\w-]*"
_END = r"(?![\w/(.^]*[/(^])"  # "1" in "claim 20 and 1/(2c)" is a number
_CLAIMS = re.compile(rf"\bclaims? {_ID}(?:, {_ID}{_END})*(?:,? and {_ID}{_END})?")
_BRACES = r"\{(?:[^{}]|\{[^{}]*\})*\}"
_RAISED = re.compile(rf"\^({_BRACES}|-?\([^()]*\)|-?\w+)")
_LOWERED = re.compile(rf"_({_BRACES}|[A-Za-z0-9{_GREEK}∞]+)")


def number(x: float | None) -> str:
    """Return a number in a few digits: ``0.88``, ``−9.0·10⁻¹⁷``, ``4.11·10³``; a dash for None."""
    if x is None or not math.isfinite(x):
        return "–"
    if x == 0:
        return "0"
    sign = "−" if x < 0 else ""
    if 1e-2 <= abs(x) < 999.5:
        return f"{sign}{abs(x):.3g}"
    mantissa, exponent = f"{abs(x):.{1 if abs(x) < 1 else 2}e}".split("e")
    return f"{sign}{mantissa}·10{str(int(exponent)).translate(_SUPERSCRIPT)}"


def symbols(text: str) -> str:
    """Return plain text with its mathematics in symbols: ``tau <= 2/(delta L)`` as τ ≤ 2/(δL)."""
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
