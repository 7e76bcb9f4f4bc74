"""LaTeX to MathML that browsers render: latex2mathml, with what it leaves out."""

from __future__ import annotations

import re
from collections.abc import Callable

import latex2mathml.converter
from markupsafe import escape

_FENCES = {"l": r"\left", "r": r"\right"}
_REWRITE: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # \operatorname* is taken for \operatorname followed by a star.
    (re.compile(r"\\operatorname\*\{([^}]*)\}_\{([^}]*)\}"), r"\\underset{\2}{\\operatorname{\1}}"),
    (re.compile(r"\\lim_(\w|\{[^}]*\})"), r"\\underset{\1}{\\operatorname{lim}}"),
    # Small fractions and fixed fences are for lines of text; a displayed formula has room.
    (re.compile(r"\\tfrac"), r"\\frac"),
    (re.compile(r"\\[bB]ig([lr])(?=[(){}|])"), lambda m: _FENCES[m[1]]),
    # Of the environments for several lines it knows those that amsmath puts around them.
    (re.compile(r"\\(begin|end)\{aligned\}"), r"\\\1{split}"),
    # A word in an exponent is a word, not a product of letters.
    (re.compile(r"\^\{?sym\}?"), r"^{\\text{sym}}"),
    (re.compile(r"arg\\,min"), "argmin"),
)
_BAR = re.compile(r'<mo (?:fence="false" )?stretchy="false">(&#x0007C;|&#x02016;)</mo>')
_LETTER = re.compile(r'<mi mathvariant="(script|double-struck)">(\w)</mi>')
_WORD = re.compile(r"<mo>([a-z]{3,})</mo>")
_BEFORE_BRACKETS = ("prox", "sign", "max", "min")
_ALPHABETS = {"script": 0x1D49C, "double-struck": 0x1D538}
_EXCEPTIONS = {
    "script": dict(zip("BEFHILMR", "ℬℰℱℋℐℒℳℛ", strict=True)),
    "double-struck": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
}


def mathml(latex: str) -> str:
    """Return display mathematics as a ``<math>`` element.

    Parameters
    ----------
    latex : str
        Without delimiters. What cannot be read is returned as ``<code>``, nothing as nothing: a
        user's claim may have either.
    """
    if not latex.strip():
        return ""
    try:
        return _converted(latex)
    except Exception:  # of many kinds, from IndexError to latex2mathml's own
        return f"<code>{escape(latex)}</code>"


def _converted(latex: str) -> str:
    for pattern, replacement in _REWRITE:
        latex = pattern.sub(replacement, latex)
    text = latex2mathml.converter.convert(latex, display="block")
    # A bar of a modulus or a norm is a fence, also where a row neither starts nor ends with it.
    text = _BAR.sub(r'<mo stretchy="false" lspace="0" rspace="0">\1</mo>', text)
    # MathML Core, which browsers implement, knows no mathvariant but "normal".
    text = _LETTER.sub(lambda found: f"<mi>{_letter(*found.groups())}</mi>", text)
    return _WORD.sub(_function, text)


def _function(found: re.Match[str]) -> str:
    """Space the name of a function as one, not as an operator between two terms."""
    after = "0" if found[1] in _BEFORE_BRACKETS else "0.167em"
    return f'<mo lspace="0.167em" rspace="{after}">{found[1]}</mo>'


def _letter(alphabet: str, letter: str) -> str:
    special = _EXCEPTIONS[alphabet].get(letter)
    return special or chr(_ALPHABETS[alphabet] + ord(letter) - ord("A"))
