"""The argument checks: each message names the argument, its value and what is allowed."""

from __future__ import annotations

import decimal
import fractions
import math

import numpy as np
import pytest

from breglab._checks import choice, count, nonnegative, positive, real_array, scalar

SCALARS = [
    ((True,), {}, TypeError, r"x must be a real number, got True \(bool\)"),
    (("1",), {}, TypeError, r"x must be a real number, got '1' \(str\)"),
    ((1j,), {}, TypeError, r"x must be a real number, got 1j \(complex\)"),
    ((None,), {}, TypeError, r"x must be a real number, got None \(NoneType\)"),
    ((np.ones(1),), {}, TypeError, r"x must be a real number, got array\(\[1\.\]\) \(ndarray\)"),
    ((decimal.Decimal(1),), {}, TypeError, r"x must be a real number, got Decimal"),
    ((math.nan,), {}, ValueError, "x must be finite, got nan"),
    ((math.inf,), {}, ValueError, "x must be finite, got inf"),
    ((10**400,), {}, ValueError, "x must be finite, got inf"),
    ((-(10**400),), {"low": 0.0}, ValueError, "x must be finite and >= 0, got -inf"),
    ((fractions.Fraction(10**400, 3),), {}, ValueError, "x must be finite, got inf"),
    ((-1.0,), {"low": 0.0}, ValueError, r"x must be finite and >= 0, got -1\.0"),
    ((0,), {"low": 0.0, "open_low": True}, ValueError, r"x must be finite and > 0, got 0\.0"),
    ((2,), {"high": 1.5}, ValueError, r"x must be finite and <= 1\.5, got 2\.0"),
    ((1,), {"low": 0, "high": 1, "open_high": True}, ValueError, "finite and >= 0 and < 1, got 1"),
    ((math.nan,), {"low": 0, "high": 1}, ValueError, "x must be finite and >= 0 and <= 1, got nan"),
]


@pytest.mark.parametrize(("values", "options", "error", "message"), SCALARS)
def test_bad_scalars(values, options, error, message):
    with pytest.raises(error, match=message):
        scalar(*values, "x", **options)


@pytest.mark.parametrize(
    "value", [2, 2.0, np.float32(2), np.int64(2), fractions.Fraction(2), np.float64(2)]
)
def test_good_scalars_become_floats(value):
    for got in (scalar(value, "x"), positive(value, "x"), nonnegative(value, "x")):
        assert got == 2.0
        assert type(got) is float


def test_bounds_belong_to_the_range_unless_open():
    assert scalar(0, "x", low=0, high=1) == 0
    assert scalar(1, "x", low=0, high=1) == 1
    assert nonnegative(0, "x") == 0
    for call in (lambda: positive(0, "x"), lambda: nonnegative(-5e-324, "x")):
        with pytest.raises(ValueError, match="x must be finite and >"):
            call()


def test_counts():
    assert count(3, "n") == count(np.int32(3), "n") == 3
    assert type(count(np.int64(3), "n")) is int
    assert count(0, "n", low=0) == 0
    for value in (3.0, True, "3", None, np.float64(3)):
        with pytest.raises(TypeError, match="n must be an integer >= 1, got "):
            count(value, "n")
    for value, low in ((0, 1), (-1, 0), (4, 5)):
        with pytest.raises(ValueError, match=f"n must be an integer >= {low}, got {value}"):
            count(value, "n", low=low)


def test_choices():
    assert choice("a", "letter", ("a", "b")) == "a"
    for value in ("c", "A", None, 1):
        with pytest.raises(ValueError, match=f"letter must be one of 'a', 'b', got {value!r}"):
            choice(value, "letter", ("a", "b"))


ARRAYS = [
    ([1.0], {}, TypeError, r"x must be an array \(NumPy or another .*\), got list"),
    (3.0, {}, TypeError, "x must be an array .* got float"),
    (None, {}, TypeError, "x must be an array .* got NoneType"),
    (np.ones(2, dtype=int), {}, TypeError, "x must have a real floating dtype .* got int64"),
    (np.ones(2, dtype=bool), {}, TypeError, "x must have a real floating dtype .* got bool"),
    (np.ones(2) + 0j, {}, TypeError, "x must have a real floating dtype .* got complex128"),
    (np.ones(2, dtype=np.float16), {}, TypeError, r"\(float32, float64\), got float16"),
    (np.ones(2, dtype=np.longdouble), {}, TypeError, rf"got {np.dtype(np.longdouble)}"),
    (
        np.ones((1, 1)).view(np.matrix),
        {"ndim": 2},
        TypeError,
        "x must be a plain array, got matrix",
    ),
    (np.ma.masked_less([1.0, 2.0], 1.5), {}, TypeError, "x must be a plain array, got MaskedArray"),
    (np.float64(1), {}, ValueError, r"x must have at least 1 axes, got shape \(\)"),
    (np.ones(2), {"ndim": 2}, ValueError, r"x must have at least 2 axes, got shape \(2,\)"),
    (np.ones(0), {}, ValueError, r"x must not be empty, got shape \(0,\)"),
    (np.ones((3, 0)), {}, ValueError, r"x must not be empty, got shape \(3, 0\)"),
    (np.ones((3, 2)), {"size": 3}, ValueError, r"x must have length 3 .* got shape \(3, 2\)"),
    (np.array([1, np.nan]), {}, ValueError, "x must be finite, got NaN or inf among its 2 entries"),
]


@pytest.mark.parametrize(("x", "options", "error", "message"), ARRAYS)
def test_bad_arrays(x, options, error, message):
    with pytest.raises(error, match=message):
        real_array(x, "x", **options)


def test_bad_tensors():
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match=r"got torch\.bfloat16"):
        real_array(torch.ones(2, dtype=torch.bfloat16), "x")
    with pytest.raises(TypeError, match=r"real floating dtype .* torch\.int64"):
        real_array(torch.ones(2, dtype=torch.int64), "x")
    with pytest.raises(ValueError, match="x must be finite"):
        real_array(torch.tensor([math.inf]), "x")


@pytest.mark.parametrize("library", ["numpy", "array_api_strict", "torch"])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_good_arrays_give_their_namespace(library, precision):
    library = pytest.importorskip(library)
    x = library.ones((2, 3), dtype=getattr(library, precision))
    xp = real_array(x, "x", ndim=2, size=3)
    assert xp.asarray(x) is x or xp.asarray(x).shape == x.shape
    assert xp.__name__.split(".")[-1] == library.__name__


def test_infinite_entries_pass_where_they_are_allowed():
    real_array(np.array([np.inf, np.nan]), "x", finite=False)
