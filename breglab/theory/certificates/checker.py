"""The checker of certificates: exact fractions, and no other line of this package.

What is proved
--------------
A document states ``sum_q c_q q <= bound * r`` for quantities q and r of a run of N steps, for all
losses and mirror maps of a class and in every Hilbert space. It holds multipliers, one for each
inequality that the proof uses, and a matrix.

Why a document that passes is a proof
-------------------------------------
Everything that is spoken of, quantities and inequalities alike, is a linear combination of inner
products of the vectors ``v*, v0, x0..xN, g0..gN`` (x_k = theta^k - theta*, g_k the gradient of the
loss at theta^k) and of the values of the loss and of the mirror map phi. The checker forms

    gap = bound * r - sum_q c_q q - sum_i m_i s_i

where ``s_i >= 0`` are the inequalities that hold for every member of the class and m_i their
multipliers. If (1) all m_i are >= 0, (2) no function value is left in the gap and (3) the matrix
of its inner products is positive semidefinite, then gap >= 0 for all vectors, and therefore
``bound * r - sum_q c_q q = gap + sum_i m_i s_i >= 0``: the statement. All three are decided in
rational arithmetic. The stored matrix is not needed for this; it must equal the one that is
rebuilt, so that no number of a document can be changed unnoticed.

What must be trusted
--------------------
This file: that `_points` is the method, that `_quantity` and `_inequality` say what their names
say, and `is_psd`. The inequalities are

- ``loss i j``: for every mu-strongly convex loss with L-Lipschitz gradient, 0 <= mu < L
  (Taylor, Hendrickx and Glineur 2017, Theorem 4);
- ``descent i j``: the inequality (3.3), for every loss with L-Lipschitz gradient;
- ``map i j``: for every 1/delta-strongly convex phi, as phi = J + |.|^2/(2 delta) with J convex;
- ``A5 i j``: Assumption 5, (3.7), with constant nu, an assumption about loss and phi together; as
  ``D_phi >= |.|^2/(2 delta)`` it needs nu <= delta L.

The gradient of the loss at theta* is zero; v* stands for a subgradient of phi at theta*, and its
existence is an assumption of those statements whose proofs use ``map i *`` or ``A5 i *``. No
parameters that pass stand for an empty class, of which anything could be proved.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

Terms = dict[Any, Fraction]
"""A vector (coefficients by name of the basis vector) or a form (by pair of names, or value)."""

ONE = Fraction(1)

_NEEDS = {"map": {"delta"}, "loss": {"mu"}, "A5": {"delta", "nu"}}


def check(document: Mapping[str, Any]) -> None:
    """Verify a certificate, given as the mapping that its JSON text stands for.

    Parameters
    ----------
    document : mapping
        Keys ``name`` (str), ``steps`` (N), ``parameters`` (tau, beta, L; delta exactly if a map or
        A5 inequality is used, mu for loss, nu for A5), ``lhs`` (coefficients of quantities),
        ``reference`` (quantity), ``bound``, ``multipliers`` (by inequality), ``matrix`` (rows, in
        the order ``v*, v0, x0..xN, g0..gN``). All numbers are strings such as ``"-3/4"``, but for
        steps, an integer >= 1.

    Raises
    ------
    ValueError
        If it does not prove its statement, or is not of this form; the message says why.
    """
    try:
        _check(document)
    except (ArithmeticError, AttributeError, LookupError, TypeError) as error:
        raise ValueError(f"not a certificate: {type(error).__name__}: {error}") from error


def _check(document: Mapping[str, Any]) -> None:
    steps, multipliers = document["steps"], _fractions(document["multipliers"])
    if type(steps) is not int or steps < 1:
        raise ValueError(f"steps must be an integer >= 1, got {steps!r}")
    points = _points(steps, p := _parameters(document["parameters"], multipliers))
    gap = _quantity(document["reference"], points, fraction(document["bound"]))
    for name, weight in _fractions(document["lhs"]).items():
        gap = _sum(gap, _quantity(name, points, -weight))
    for name, weight in multipliers.items():
        if weight < 0:
            raise ValueError(f"the multiplier of {name!r} is negative: {weight}")
        gap = _sum(gap, _scaled(-weight, _inequality(name, points, p)))
    left = [key for key in gap if isinstance(key, str) and gap[key] != 0]
    if left:
        raise ValueError(f"function values do not cancel: {', '.join(left)}")
    basis = ["v*", "v0", *(f"{kind}{k}" for kind in "xg" for k in range(steps + 1))]
    matrix = [[gap.get((a, b), Fraction(0)) for b in basis] for a in basis]
    if matrix != [[fraction(entry) for entry in row] for row in document["matrix"]]:
        raise ValueError("the stored matrix is not the one of the statement and the multipliers")
    if not is_psd(matrix):
        raise ValueError("the matrix is not positive semidefinite")


def is_psd(matrix: Sequence[Sequence[Fraction]]) -> bool:
    """Return whether a symmetric matrix of fractions is positive semidefinite.

    By ``L D L^T``: a matrix with first entry a > 0 is positive semidefinite exactly if its Schur
    complement is; with a = 0 its first row must vanish, and the rest be positive semidefinite.

    Examples
    --------
    >>> from fractions import Fraction as F
    >>> from breglab.theory.certificates import is_psd
    >>> is_psd([[F(1), F(1)], [F(1), F(1)]]), is_psd([[F(1), F(2)], [F(2), F(1)]])
    (True, False)
    """
    rest = [list(row) for row in matrix]
    for i, row in enumerate(rest):
        pivot, right = row[i], range(i + 1, len(row))
        if pivot < 0 or (pivot == 0 and any(row[k] for k in right)):
            return False
        for line in rest[i + 1 :]:
            if pivot and line[i]:
                factor = line[i] / pivot
                for k in right:
                    line[k] -= factor * row[k]
    return True


def _points(steps: int, p: Mapping[str, Fraction]) -> dict[str, dict[str, Terms]]:
    """Return theta* and the iterates of (2.14): m+ = beta m + (1 - beta) tau g, v+ = v - m+."""
    points: dict[str, dict[str, Terms]] = {}
    points["*"] = {
        "x": {},
        "v": {"v*": ONE},
        "g": {},
        "loss": {"loss *": ONE},
        "phi": {"phi *": ONE},
    }
    v: Terms = {"v0": ONE}
    m: Terms = {}
    for k in range(steps + 1):
        g: Terms = {f"g{k}": ONE}
        points[str(k)] = {
            "x": {f"x{k}": ONE}, "v": v, "g": g,
            "loss": {f"loss {k}": ONE}, "phi": {f"phi {k}": ONE},
        }  # fmt: skip
        m = _sum(_scaled(p["beta"], m), _scaled((1 - p["beta"]) * p["tau"], g))
        v = _less(v, m)
    return points


def _quantity(name: str, points: Mapping[str, Mapping[str, Terms]], weight: Fraction) -> Terms:
    kind, k = name.split(" ")
    here, star = points[k], points["*"]
    if kind == "d":
        form = _bregman("phi", "v", star, here)
    elif kind == "loss":
        form = _less(here["loss"], star["loss"])
    elif kind == "gradient":
        form = _dot(here["g"], here["g"])
    elif kind == "error":
        form = _dot(here["x"], here["x"])
    elif kind in ("increment", "symmetric"):
        after = points[str(int(k) + 1)]
        moved = _less(after["x"], here["x"])
        form = _dot(moved, moved if kind == "increment" else _less(after["v"], here["v"]))
    else:
        raise ValueError(f"unknown quantity {name!r}")
    return _scaled(weight, form)


def _inequality(
    name: str, points: Mapping[str, Mapping[str, Terms]], p: Mapping[str, Fraction]
) -> Terms:
    kind, i, j = name.split(" ")
    to, of = points[i], points[j]
    x, g = _less(to["x"], of["x"]), _less(to["g"], of["g"])
    loss = _bregman("loss", "g", to, of)
    if kind == "map":
        return _sum(_bregman("phi", "v", to, of), _scaled(-1 / (2 * p["delta"]), _dot(x, x)))
    if kind == "descent":
        return _sum(_scaled(p["L"] / 2, _dot(x, x)), _scaled(-ONE, loss))
    if kind == "A5":
        return _sum(loss, _scaled(-p["nu"], _bregman("phi", "v", to, of)))
    if kind == "loss":
        L, mu = p["L"], p["mu"]
        rest = _less(x, _scaled(1 / L, g))
        loss = _sum(loss, _scaled(-1 / (2 * L), _dot(g, g)))
        return _sum(loss, _scaled(-mu / (2 * (1 - mu / L)), _dot(rest, rest)))
    raise ValueError(f"unknown inequality {name!r}")


def _bregman(value: str, slope: str, to: Mapping[str, Terms], of: Mapping[str, Terms]) -> Terms:
    """Return f(to) - f(of) - <slope at of, to - of>."""
    linear = _dot(of[slope], _less(to["x"], of["x"]))
    return _less(_less(to[value], of[value]), linear)


def _parameters(given: Mapping[str, str], multipliers: Mapping[str, Any]) -> dict[str, Fraction]:
    p = _fractions(given)
    kinds = {name.split(" ")[0] for name in multipliers}
    needed = {"tau", "beta", "L"}
    needed = needed.union(*(_NEEDS[kind] for kind in kinds & set(_NEEDS)))
    if set(p) != needed:
        raise ValueError(f"parameters must be {sorted(needed)}, got {sorted(p)}")
    if min(p[name] for name in needed - {"beta", "mu"}) <= 0 or not 0 <= p["beta"] < 1:
        raise ValueError("delta, tau, L and nu must be > 0 and beta in [0, 1)")
    if not 0 <= p.get("mu", Fraction(0)) < p["L"]:
        raise ValueError("mu must be in [0, L)")
    if "nu" in p and p["nu"] > p["delta"] * p["L"]:
        raise ValueError("nu must be at most delta L: no loss and map satisfy (3.7) beyond")
    return p


def _fractions(numbers: Mapping[str, str]) -> dict[str, Fraction]:
    return {name: fraction(number) for name, number in numbers.items()}


def fraction(number: str) -> Fraction:
    """Return the number that a string such as "-3/4" stands for; nothing else is one."""
    if not isinstance(number, str) or not re.fullmatch(r"-?[0-9]+(/[0-9]+)?", number):
        raise ValueError(f"numbers must be strings such as '-3/4', got {number!r}")
    return Fraction(number)


def _sum(a: Terms, b: Terms) -> Terms:
    return {key: a.get(key, Fraction(0)) + b.get(key, Fraction(0)) for key in {**a, **b}}


def _scaled(factor: Fraction, a: Terms) -> Terms:
    return {key: factor * value for key, value in a.items()}


def _less(a: Terms, b: Terms) -> Terms:
    return _sum(a, _scaled(-ONE, b))


def _dot(a: Terms, b: Terms) -> Terms:
    """Return the inner product, as the symmetric matrix by pairs of names."""
    form: Terms = {}
    for s, x in a.items():
        for t, y in b.items():
            form = _sum(form, _sum({(s, t): x * y / 2}, {(t, s): x * y / 2}))
    return form
