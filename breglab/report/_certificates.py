"""The saved certificates of a claim, verified while the report is made."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from breglab.theory import Claim
from breglab.theory.certificates import Certificate, load_certificate

_QUANTITIES = {
    "d": r"d_{%d}",
    "loss": r"\mathcal L(\theta^{(%d)})",
    "error": r"\|\theta^{(%d)}-\theta^*\|^2",
    "gradient": r"\|\nabla\mathcal L(\theta^{(%d)})\|^2",
}
_NOW_AND_NEXT = {
    "increment": r"\|\theta^{(%d)}-\theta^{(%d)}\|^2",
    "symmetric": r"D_\varphi^{sym}(\theta^{(%d)},\theta^{(%d)})",
}
_PARAMETERS = ("tau", "delta", "L", "mu", "nu", "beta")


def certificates(claim: Claim) -> list[dict[str, Any]]:
    """Return the certificates that a claim names as plain data, each with the checker's word.

    Each is a dictionary of the strings ``name``, ``file``, ``sentence``, ``latex`` and ``bound``,
    the dictionary ``parameters``, the lists ``hypotheses`` and ``multipliers`` (of dictionaries
    with ``inequality`` and ``weight``), and ``verified`` with the ``reason`` if it is not.
    """
    return [_certificate(name) for name in claim.certificates]


def _certificate(name: str) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "file": f"breglab/theory/certificates/data/{name}.json"}
    reason = ""
    try:
        certificate = load_certificate(name)
        certificate.verify()
    except ValueError as error:  # no such file, not of the form, or no proof
        reason = str(error)
    else:
        found |= _content(certificate)
    empty = {"sentence": "", "latex": "", "bound": "", "parameters": {}, "hypotheses": [],
             "multipliers": []}  # fmt: skip
    return empty | found | {"verified": not reason, "reason": reason}


def _content(certificate: Certificate) -> dict[str, Any]:
    given = certificate.statement.parameters
    return {
        "sentence": certificate.sentence,
        "latex": _latex(certificate),
        "bound": str(certificate.bound),
        "parameters": {name: str(given[name]) for name in _PARAMETERS if name in given},
        "hypotheses": list(certificate.hypotheses),
        "multipliers": [
            {"inequality": name, "weight": str(weight)}
            for name, weight in certificate.multipliers.items()
        ],
    }


def _latex(certificate: Certificate) -> str:
    """Return the inequality that is proved; L* appears unless it cancels."""
    lhs = certificate.statement.lhs
    left = _sum(lhs)
    minimum = sum((c for name, c in lhs.items() if name.startswith("loss")), Fraction(0))
    left += _term(-minimum, r"\mathcal L^*", first=False) if minimum else ""
    bound = _sum({certificate.statement.reference: certificate.bound}) if certificate.bound else "0"
    return rf"{left}\le {bound}"


def _sum(terms: Any) -> str:
    ordered = enumerate(terms.items())
    return "".join(_term(c, _quantity(name), first=i == 0) for i, (name, c) in ordered)


def _term(c: Fraction, quantity: str, *, first: bool) -> str:
    sign = "-" if c < 0 else ("" if first else "+")
    size = abs(c)
    if size == 1:
        factor = ""
    elif size.denominator == 1:
        factor = rf"{size}\,"
    else:
        factor = rf"\frac{{{size.numerator}}}{{{size.denominator}}}\,"
    return sign + factor + quantity


def _quantity(name: str) -> str:
    kind, k = name.split(" ")
    if kind in _NOW_AND_NEXT:
        return _NOW_AND_NEXT[kind] % (int(k) + 1, int(k))
    return _QUANTITIES[kind] % int(k)
