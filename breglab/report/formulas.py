"""Formulas in a line of Unicode text, for the terminal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from xml.etree.ElementTree import Element, fromstring

from breglab.report.mathml import mathml

_RAISED = str.maketrans(
    "0123456789+−=()abcdefghijklmnoprstuvwxyzNT′*",
    "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴺᵀ′*",
)
_LOWERED = str.maketrans(
    "0123456789+−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ"
)
_ACCENTS = {
    "^": "\u0302",
    "~": "\u0303",
    "¨": "\u0308",
    "˙": "\u0307",
    "―": "\u0304",
    "→": "\u20d7",
}
_RELATIONS = set("=<>≤≥≠≈≡∈∉⊂⊆⇒⇔→↦↛") | {":=", "⟹", "⟺"}
_SIGNS = set("+−±")
_OPENING, _CLOSING, _BARS = set("([{⟨"), set(")]}⟩"), set("|‖")
_ENDING = _RELATIONS | _SIGNS | _CLOSING | set(",;./|")
_GROUP = "\ue000"
_NOT = "\u0338"
_SMALL = "".join(map(chr, [*_RAISED.values(), *_LOWERED.values()])).replace("−", "")
_SCRIPTS = {"msub", "msup", "msubsup", "munder", "mover", "munderover"}


def readable(latex: str) -> str:
    """Return display mathematics in a line of Unicode: fractions by a slash, small indices.

    Parameters
    ----------
    latex : str
        Without delimiters. What cannot be read is returned as it is.
    """
    found = mathml(latex)
    if not found.startswith("<math"):
        return " ".join(latex.split())
    text = _row([_unnamed(fromstring(found))])
    return " ".join(unicodedata.normalize("NFC", text).split()).replace(": = ", " := ")


def _unnamed(element: Element) -> Element:
    """Return an element whose tags have no namespace."""
    for one in element.iter():
        one.tag = one.tag.partition("}")[2]
    return element


def _flat(elements: Sequence[Element]) -> list[Element]:
    """Return the elements of a row with those of the rows in it."""
    found: list[Element] = []
    for one in elements:
        inner = one.tag in ("math", "mrow", "mstyle", "mpadded")
        found += _flat(list(one)) if inner else [one]
    return found


def _row(elements: Sequence[Element]) -> str:
    parts, text, negated = _flat(elements), "", False
    for i, one in enumerate(parts):
        shown = _text(one)
        if shown == _NOT:
            negated = True
            continue
        following = [part for part in parts[i + 1 :] if not _is_thin_space(part)]
        text += _spaced(shown, text, one, following[0] if following else None)
        if negated:
            text, negated = text.replace(shown, shown + _NOT), False
    return text


def _is_thin_space(one: Element) -> bool:
    return one.tag == "mspace" and float(one.get("width", "1em").removesuffix("em")) < 0.5


def _spaced(shown: str, before: str, one: Element, after: Element | None) -> str:
    """Return an element with the spaces and brackets that its neighbours ask for."""
    if shown in _RELATIONS:
        return f" {shown} "
    if shown in _SIGNS:
        return shown if _opens(before) else f" {shown} "
    if shown in (",", ";", ":"):
        return f"{shown} "
    if one.tag == "mfrac" and after is not None and _multiplies(after):
        return f"({shown})"
    if _is_name(_row([one[0]]) if one.tag in _SCRIPTS else shown) and one.tag != "mtext":
        first = " " if before[-1:].isalnum() or before[-1:] in _CLOSING | _BARS else ""
        bracket = after is None or (after.tag == "mo" and _text(after) in _OPENING | {","})
        return f"{first}{shown}" + ("" if bracket else " ")
    # An index that is no small letter ends where the next factor begins.
    return f" {shown}" if re.search(r"_\w$", before) and shown[:1].isalnum() else shown


def _is_name(text: str) -> bool:
    return len(text) > 1 and text.replace(" ", "").isalpha() and text[-1] not in _SMALL


def _opens(before: str) -> bool:
    """Return whether a sign is that of a number, and not between two terms."""
    last = before.rstrip()[-1:]
    if last in _BARS and last:
        return before.count(last) % 2 == 1
    return not last or last in _OPENING | _RELATIONS | _SIGNS | set(",;/")


def _multiplies(after: Element) -> bool:
    text = _text(after).strip()
    return text not in _ENDING if after.tag == "mo" else bool(text)


def _text(one: Element) -> str:
    parts = list(one)
    match one.tag:
        case "mspace":
            return " "
        case "mfrac":
            return f"{_numerator(_row([parts[0]]))}/{_factor(_row([parts[1]]))}"
        case "msqrt":
            return "√" + _factor(_row(parts))
        case "mtable":
            return "; ".join(map(_cells, parts))
        case "msub" | "munder":
            return _scripted(parts[0], parts[1], None)
        case "msup":
            return _scripted(parts[0], None, parts[1])
        case "mover":
            base, accent = _row([parts[0]]), _row([parts[1]]).strip()
            return base + _ACCENTS[accent] if accent in _ACCENTS else _raised(base, accent)
        case "msubsup" | "munderover":
            return _scripted(*parts)
    own = (one.text or "").replace("\u00a0", " ").replace("\u2006", " ")
    return _NOT if own == "⧸" else own


def _cells(row: Element) -> str:
    """Return a row of a table; those of cases have a formula and when it holds."""
    cases = any(cell.get("columnalign") == "left" for cell in row)
    return (" if " if cases else ", ").join(_row(list(cell)) for cell in row)


def _numerator(text: str) -> str:
    return f"({text})" if re.search(r"[ /+−]", _without_groups(text)) else text


def _factor(text: str) -> str:
    """Return a denominator, radicand or base, in brackets unless it is one symbol or a group."""
    outer = _without_groups(unicodedata.normalize("NFC", text))
    one = rf"[\d.]+|\w[{_SMALL}]*|(?:min|max)?{_GROUP}[{_SMALL}]*"
    return text if re.fullmatch(one, outer) else f"({text})"


def _without_groups(text: str) -> str:
    """Return text with a mark for each group in brackets."""
    inner = r"[(\[{⟨][^()\[\]{}⟨⟩]*[)\]}⟩]"
    while text != (text := re.sub(inner, _GROUP, text)):
        pass
    return text


def _scripted(base: Element, low: Element | None, high: Element | None) -> str:
    text, inside = _row([base]), _flat([base])
    if len(inside) > 1 or inside[0].tag == "mfrac":
        text = _factor(text)
    lower = None if low is None else _row([low]).replace(" ", "")
    upper = None if high is None else _row([high]).replace(" ", "")
    if lower is None:
        return _raised(text, upper or "")
    small = _small(lower, _LOWERED)
    if small is not None:
        return _raised(text + small, upper or "")
    # In D_Jᵖ the exponent would be that of J.
    return _raised(text, upper or "") + "_" + _grouped(lower)


def _raised(text: str, upper: str) -> str:
    small = _small(upper, _RAISED)
    return text + (f"^{_grouped(upper)}" if small is None else small)


def _small(text: str, letters: dict[int, int]) -> str | None:
    """Return text in small letters, None where there are none for it."""
    return text.translate(letters) if all(ord(one) in letters for one in text) else None


def _grouped(text: str) -> str:
    return text if len(text) == 1 else f"{{{text}}}"
