"""Regularisers as entries of a group, and as maps of torch tensors, against `breglab.geometry`."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from optim_cases import REGULARIZERS, SHAPES, network  # noqa: E402

from breglab.geometry import L1, GroupL12, NonNegativeL1, Nuclear, SparseGroup, Zero  # noqa: E402
from breglab.nn.optim import _primal  # noqa: E402
from breglab.nn.regularizers import check_fits, decode, encode, prox, subgradient  # noqa: E402

CASES = [
    (J, name)
    for pair in REGULARIZERS.values()
    for J, name in zip(pair, ("kernel", "matrix"), strict=True)
]
every = pytest.mark.parametrize(("J", "name"), CASES, ids=lambda x: str(x)[:40])


def point(J, name, seed=0):
    x = np.random.default_rng(seed).standard_normal(SHAPES[name])
    return np.abs(x) if isinstance(J, NonNegativeL1) else x


def as_point(J, x):
    return x.reshape(-1) if isinstance(J, GroupL12 | SparseGroup) and J.layout is None else x


@every
def test_an_encoded_functional_is_decoded(J, name):
    entries = encode(J)
    found = decode(entries)
    assert type(found) is type(J)
    x = point(J, name)
    np.testing.assert_array_equal(found.value(as_point(J, x)), J.value(as_point(J, x)))
    assert encode(found) == entries
    check_fits(found, torch.tensor(x))


def test_none_is_no_regulariser():
    assert encode(None) == encode(Zero())
    assert encode(None)["lam"] == 0.0


@every
@pytest.mark.parametrize("step", [0.3, 1.0])
def test_prox_is_geometrys(J, name, step):
    x = 3 * point(J, name) * np.random.default_rng(1).integers(0, 2, SHAPES[name])
    found = prox(J, torch.tensor(x), step).numpy()
    wanted = J.prox(as_point(J, x), step).reshape(x.shape)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-14)
    if not isinstance(J, Nuclear):
        np.testing.assert_array_equal(found != 0, wanted != 0)


@every
def test_subgradient_is_geometrys(J, name):
    x = J.prox(as_point(J, 2 * point(J, name))).reshape(SHAPES[name])
    found = subgradient(J, torch.tensor(x)).numpy()
    wanted = J.subgradient(as_point(J, x)).reshape(x.shape)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-13)


@every
@pytest.mark.parametrize("delta", [1.0, 0.4])
def test_writing_in_place_is_the_prox(J, name, delta):
    v = torch.tensor(3 * point(J, name, seed=3))
    p, storage = torch.zeros_like(v), None
    storage = p.data_ptr()
    _primal.write(J, [p], [v], delta)
    assert p.data_ptr() == storage
    wanted = J.prox(as_point(J, delta * v.numpy()), delta).reshape(v.shape)
    np.testing.assert_allclose(p.numpy(), wanted, rtol=0, atol=1e-14)
    other = torch.zeros(v.shape[::-1], dtype=v.dtype).permute(*range(v.ndim)[::-1])
    _primal.write(J, [other], [v], delta)
    torch.testing.assert_close(other, p, rtol=0, atol=1e-14)


def test_the_case_of_zero_weights_is_the_identity():
    x = torch.tensor(network()[0]["matrix"])
    for J in (L1(0.0), GroupL12("rows", 0.0), SparseGroup("columns", 0.0, 0.0), Nuclear(0.0)):
        torch.testing.assert_close(prox(J, x), x, rtol=0, atol=1e-14)


def test_labels_keep_coordinates_that_lie_in_no_group():
    J = GroupL12([[1, 2]], 0.5, size=6)
    assert encode(J)["groups"] == (-1, 0, 0, -1, -1, -1)
    x = torch.full((2, 3), 0.1, dtype=torch.float64)
    found = prox(decode(encode(J)), x).reshape(-1)
    np.testing.assert_array_equal(found.numpy() != 0, [True, False, False, True, True, True])
