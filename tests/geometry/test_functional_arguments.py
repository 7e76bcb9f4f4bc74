"""Arguments that no functional takes: one clear error, which names the argument."""

from __future__ import annotations

import copy
import math
import pickle

import numpy as np
import pytest
from geometry_cases import FUNCTIONALS, INDEX_LISTS, LABELS, N, shaped

from breglab.geometry import L1, Box, GroupL12, NonNegativeL1, Nuclear, SparseGroup

every = pytest.mark.parametrize("J", FUNCTIONALS.values(), ids=FUNCTIONALS.keys())


@every
@pytest.mark.parametrize("method", ["value", "prox", "subgradient", "conjugate"])
def test_arrays_are_checked(J, method):
    call = getattr(J, method)
    name = "p" if method == "conjugate" else "x"
    good = shaped(J, np.zeros(N))
    with pytest.raises(TypeError, match=f"^{name} must be an array"):
        call([0.0] * N)
    with pytest.raises(TypeError, match=f"^{name} must have a real floating dtype"):
        call(good.astype(int))
    with pytest.raises(TypeError, match=f"^{name} must have a real floating dtype"):
        call(good.astype(complex))
    with pytest.raises(ValueError, match=f"^{name} must have at least {J.event_ndim} axes"):
        call(good.reshape(-1)[0:1].reshape((1,) * (J.event_ndim - 1)))
    with pytest.raises(ValueError, match=f"^{name} must not be empty"):
        call(good[:0])
    for bad in (math.nan, math.inf):
        with pytest.raises(ValueError, match=f"^{name} must be finite"):
            call(np.where(np.arange(good.size).reshape(good.shape) == 5, bad, good))


@every
def test_shapes_that_do_not_fit_are_both_named(J):
    x, y = shaped(J, np.zeros(N)), shaped(J, np.zeros((2, N)))
    shorter, three = x[..., :-1], shaped(J, np.zeros((3, N)))
    if J.event_size is None:
        with pytest.raises(ValueError, match=r"^x and p must have points of one shape.*\(.*\(.*"):
            J.subdifferential_residual(x, shorter)
    with pytest.raises(ValueError, match=r"^x and p must have points of one shape"):
        J.subdifferential_residual(y, three)
    with pytest.raises(ValueError, match=r"^x and y and p_at_y must have points of one shape"):
        J.bregman_distance(x, y, three)


def test_matrices_of_one_width_but_other_height_are_refused():
    with pytest.raises(ValueError, match=r"got shapes \(3, 4\) and \(1, 4\)"):
        Nuclear().subdifferential_residual(np.zeros((3, 4)), np.zeros((1, 4)))


def test_libraries_are_not_mixed():
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match=r"^x and p must come from one array library"):
        L1().subdifferential_residual(np.zeros(3), torch.zeros(3))


@every
@pytest.mark.parametrize("step", [0.0, -1.0, math.inf, math.nan])
def test_step_is_positive_and_finite(J, step):
    with pytest.raises(ValueError, match=r"^step must be finite and > 0"):
        J.prox(shaped(J, np.zeros(N)), step)


def test_step_and_slack_are_numbers():
    for bad in (True, 1j, "1", np.ones(3)):
        with pytest.raises(TypeError, match=r"^step must be a real number"):
            L1().prox(np.zeros(3), bad)
    with pytest.raises(ValueError, match=r"^slack must be finite and >= 0"):
        L1().conjugate(np.zeros(3), slack=-1.0)


@pytest.mark.parametrize("J", [FUNCTIONALS["rows"], FUNCTIONALS["sparse groups"]])
def test_size_of_groups_is_the_size_of_points(J):
    with pytest.raises(ValueError, match=r"^x must have length 12 in its last axis"):
        J.value(np.zeros(N + 1))


WEIGHTED = [
    lambda lam: L1(lam),
    lambda lam: NonNegativeL1(lam),
    lambda lam: Nuclear(lam),
    lambda lam: GroupL12([0, 0], lam),
    lambda lam: SparseGroup([0, 0], lam),
    lambda lam: FUNCTIONALS["total variation"].__class__(lam),
]


@pytest.mark.parametrize("build", WEIGHTED)
def test_lam_is_a_nonnegative_number(build):
    for bad in (-1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match=r"^lam must be finite and >= 0"):
            build(bad)
    for bad in (True, 1j, "1", None):
        with pytest.raises(TypeError, match=r"^lam must be a real number"):
            build(bad)
    with pytest.raises(ValueError, match=r"^lam_group must be finite and >= 0"):
        SparseGroup([0, 0], 1.0, -1.0)


@pytest.mark.parametrize(
    ("groups", "size", "error", "message"),
    [
        ([[0, 1], [1, 2]], None, ValueError, "groups must be disjoint, got index 1 twice"),
        ([[0, 0]], None, ValueError, "groups must be disjoint, got index 0 twice"),
        ([[0, 3]], 3, ValueError, r"groups must hold indices in 0\.\.2, got 3"),
        ([[0, -1]], 3, ValueError, r"groups must hold indices in 0\.\.2, got -1"),
        ([[0], []], None, ValueError, "groups must not be empty"),
        ([], 3, ValueError, "groups must hold at least one group"),
        ([-1, -1], None, ValueError, "groups must hold at least one group"),
        (np.array(1), None, ValueError, "groups must hold at least one group"),
        ([0, -2], None, ValueError, "groups must hold labels >= 0, or -1 for no group, got -2"),
        ([0, 1], 3, ValueError, "size must be the number of labels, 2, got 3"),
        ([[0, 1]], 0, ValueError, "size must be an integer >= 1"),
        ([[0, 1]], 2.0, TypeError, "size must be an integer >= 1"),
        (np.array([0.0, 1.0]), None, TypeError, "groups must hold integers, got 0.0"),
        ([[True, False]], None, TypeError, "groups must hold integers, got True"),
        ("01", None, ValueError, "groups must be a layout, .*, got '01'"),
        (3, None, TypeError, "groups must be labels or index sequences"),
        ({0: 1}, None, TypeError, "groups must be labels or index sequences"),
        ({0, 1}, None, TypeError, "groups must be labels or index sequences"),
        ([{0: 1}], None, TypeError, "groups must hold integers, got {0: 1}"),
        (["01"], None, ValueError, "groups must be a layout, .*, got '01'"),
    ],
)
def test_groups_are_checked(groups, size, error, message):
    with pytest.raises(error, match=f"^{message}"):
        GroupL12(groups, size=size)


@pytest.mark.parametrize("shape", [(3,), 6, (2, 3, 4), (0, 3), (2, -1)])
def test_matrix_shape_is_a_pair_of_counts(shape):
    with pytest.raises(ValueError, match=r"^shape"):
        GroupL12.rows(shape)
    with pytest.raises(ValueError, match=r"^shape"):
        SparseGroup.columns(shape)


def test_bounds_of_a_box_leave_room():
    for lower, upper in ((1.0, 0.0), (math.inf, math.inf), (-math.inf, -math.inf)):
        with pytest.raises(ValueError, match=r"^lower must be <= upper"):
            Box(lower, upper)
    with pytest.raises(ValueError, match=r"^upper must be .* got nan"):
        Box(0.0, math.nan)
    with pytest.raises(TypeError, match=r"^lower must be a real number"):
        Box(True, 1.0)


@pytest.mark.parametrize("J", [NonNegativeL1(), Box(0, 1), Box(0, math.inf)])
def test_no_subgradient_outside_of_the_domain(J):
    with pytest.raises(ValueError, match=r"^x must .* to have a subgradient, got .*-0\.5"):
        J.subgradient(np.array([0.5, -0.5]))
    with pytest.raises(ValueError, match=r"^y must lie in the domain of .*, where J is finite"):
        J.bregman_distance(np.array([0.5]), np.array([-0.5]), np.array([0.0]))


@every
def test_functionals_are_values(J):
    for twin in (pickle.loads(pickle.dumps(J)), copy.deepcopy(J)):
        assert twin == J
        assert hash(twin) == hash(J)
    with pytest.raises(AttributeError):
        J.lam = 2.0


def test_groups_are_equal_in_any_notation():
    by_labels = GroupL12(LABELS)
    groups = [[0, 4, 10], (1, 2, 8), np.array([7, 6, 5]), {11}]
    assert by_labels == GroupL12(groups, size=N)
    assert by_labels == GroupL12(tuple(LABELS))
    assert by_labels.groups == ((0, 4, 10), (1, 2, 8), (5, 6, 7), (11,))
    assert GroupL12(INDEX_LISTS).size == N
    assert GroupL12(INDEX_LISTS) != GroupL12(INDEX_LISTS, size=N + 1)
