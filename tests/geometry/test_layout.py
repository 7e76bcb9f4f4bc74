"""Groups that are named by a layout, against the same groups as lists of indices."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest

from breglab.geometry import ElasticNet, GroupL12, Layout, SparseGroup


def by_axes(shape, axes):
    """Return the groups whose members agree in the multi-index along the given axes."""
    groups = {}
    for flat, index in enumerate(np.ndindex(*shape)):
        groups.setdefault(tuple(index[axis] for axis in axes), []).append(flat)
    return list(groups.values())


def by_rule(shape, rule):
    groups = {}
    for flat, index in enumerate(np.ndindex(*shape)):
        groups.setdefault(rule(index), []).append(flat)
    return list(groups.values())


CASES = {
    "rows": ("rows", (3, 4), by_axes((3, 4), [0])),
    "rows of a convolution": ("rows", (3, 2, 2, 2), by_axes((3, 2, 2, 2), [0])),
    "columns": ("columns", (3, 4), by_axes((3, 4), [1])),
    "columns of a square": ("columns", (4, 4), by_axes((4, 4), [1])),
    "columns of a convolution": ("columns", (3, 4, 2), by_axes((3, 4, 2), [1])),
    "kernels": ("kernels", (3, 2, 2, 3), by_axes((3, 2, 2, 3), [0, 1])),
    "kernels in 1-D": ("kernels", (3, 2, 5), by_axes((3, 2, 5), [0, 1])),
    "filters": ("filters", (3, 2, 2, 3), by_axes((3, 2, 2, 3), [0])),
    "heads": (("heads", 2), (6, 4), by_rule((6, 4), lambda i: i[0] // 3)),
    "blocks": (("blocks", (2, 3)), (4, 6), by_rule((4, 6), lambda i: (i[0] // 2, i[1] // 3))),
}
every = pytest.mark.parametrize(("groups", "shape", "indices"), CASES.values(), ids=CASES.keys())


def pair(kind, groups, indices, size):
    if kind == "group":
        return GroupL12(groups, 0.3), GroupL12(indices, 0.3, size=size)
    return SparseGroup(groups, 0.2, 0.3), SparseGroup(indices, 0.2, 0.3, size=size)


@every
@pytest.mark.parametrize("kind", ["group", "sparse group"])
def test_a_layout_is_its_list_of_groups(kind, groups, shape, indices):
    rng = np.random.default_rng(0)
    size = math.prod(shape)
    named, listed = pair(kind, groups, indices, size)
    x = rng.standard_normal(shape) * rng.integers(0, 2, shape)
    x[0] = 0.0
    flat = x.reshape(-1)
    close = {"rtol": 1e-14, "atol": 1e-14}
    np.testing.assert_allclose(named.value(x), listed.value(flat), **close)
    for method in ("prox", "subgradient"):
        ours, theirs = getattr(named, method)(x), getattr(listed, method)(flat)
        assert ours.shape == shape
        np.testing.assert_allclose(ours.reshape(-1), theirs, **close)
    theta = named.prox(x)
    assert np.any(theta == 0)
    assert np.any(theta != 0)
    p = x - theta
    assert named.conjugate(p, slack=1e-14) == 0 == listed.conjugate(p.reshape(-1), slack=1e-14)
    assert named.conjugate(10 * p) == np.inf == listed.conjugate(10 * p.reshape(-1))
    np.testing.assert_allclose(
        named.bregman_distance(x, theta, p),
        listed.bregman_distance(flat, theta.reshape(-1), p.reshape(-1)),
        **close,
    )


@every
def test_the_elastic_net_of_a_layout_goes_to_the_dual_and_back(groups, shape, indices):
    phi = ElasticNet(GroupL12(groups, 0.5), 0.7)
    theta = np.random.default_rng(1).standard_normal(shape)
    v = phi.to_dual(theta)
    np.testing.assert_allclose(phi.to_primal(v), theta, rtol=0, atol=1e-14)
    assert phi.subdifferential_residual(theta, v) <= 1e-14
    gap = phi.value(theta) + phi.conjugate(v) - np.sum(theta * v)
    assert abs(gap) <= 1e-12


@every
def test_layouts_work_in_torch(groups, shape, indices):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(2).standard_normal(shape)
    J = SparseGroup(groups, 0.2, 0.3)
    ours = J.prox(torch.tensor(x))
    np.testing.assert_allclose(ours.numpy(), J.prox(x), rtol=1e-13, atol=1e-14)


@every
def test_the_view_counts_its_groups(groups, shape, indices):
    view = Layout.parse(groups).view(shape)
    assert view.size == len(indices[0])
    assert math.prod(view.grid) == len(indices)
    runs = all(group == list(range(group[0], group[-1] + 1)) for group in indices)
    assert view.contiguous == runs


@pytest.mark.parametrize(
    ("groups", "shape"),
    [
        ("rows", (4,)),
        ("columns", (4,)),
        ("kernels", (3, 4)),
        ("filters", (3, 4)),
        (("heads", 4), (6, 4)),
        (("blocks", (2, 3)), (4, 5)),
        (("blocks", (2, 3)), (3, 6)),
        (("blocks", (2, 2)), (2, 2, 2)),
    ],
)
def test_shapes_that_do_not_fit_are_refused_by_name(groups, shape):
    with pytest.raises(ValueError, match=r"^groups .* got shape \(" + str(shape[0])) as error:
        GroupL12(groups).prox(np.ones(shape))
    assert repr(groups) in str(error.value)


@pytest.mark.parametrize(
    ("groups", "error", "message"),
    [
        ("kernel", ValueError, "groups must be a layout, one of 'rows', .* got 'kernel'"),
        ("heads", ValueError, "groups must be a layout"),
        (("rows", 3), ValueError, r"groups must be a layout.* got \('rows', 3\)"),
        (("heads", 0), ValueError, r"groups\[1\] must be an integer >= 1"),
        (("heads", 2.0), TypeError, r"groups\[1\] must be an integer >= 1"),
        (("blocks", 3), ValueError, "groups must be a layout"),
        (("blocks", (2, -1)), ValueError, r"groups\[1\] must be an integer >= 1"),
    ],
)
def test_names_of_layouts_are_checked(groups, error, message):
    with pytest.raises(error, match=f"^{message}"):
        GroupL12(groups)


def test_a_layout_has_no_size():
    with pytest.raises(ValueError, match=r"^size must be None for groups 'rows', got 12"):
        GroupL12("rows", size=12)


@every
def test_named_functionals_are_values(groups, shape, indices):
    J = SparseGroup(groups, 0.2, 0.3)
    for twin in (pickle.loads(pickle.dumps(J)), copy.deepcopy(J)):
        assert twin == J
        assert hash(twin) == hash(J)
    assert SparseGroup(["blocks", [2, 3]]) == SparseGroup(("blocks", (2, 3)))
