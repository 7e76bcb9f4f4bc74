"""The convex function through points: hull, values, slopes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from breglab.geometry import ConvexGraph

numbers = st.integers(-20, 20).map(lambda i: i / 4.0)
clouds = st.lists(st.tuples(numbers, numbers), min_size=2, max_size=12).filter(
    lambda points: len({x for x, _ in points}) > 1
)


@given(clouds)
def test_the_graph_is_convex_below_all_points_and_touches_its_corners(points):
    J = ConvexGraph(points)
    assert np.all(np.diff(np.diff(J.y) / np.diff(J.x)) > 0.0)
    for x, y in points:
        assert J.value(x) <= y + 1e-12
    assert set(zip(J.x, J.y, strict=True)) <= set(points)


@given(clouds, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_slopes_are_subgradients(points, share, other):
    J = ConvexGraph(points)
    x, z = J.x[0] + np.array([share, other]) * (J.x[-1] - J.x[0])
    for slope in J.slopes(float(x)):
        if np.isfinite(slope):
            assert J.value(z) >= J.value(x) + slope * (z - x) - 1e-9


def test_the_corners_are_those_of_qhull():
    points = np.random.default_rng(0).standard_normal((40, 2))
    J = ConvexGraph([tuple(point) for point in points])
    vertices = {tuple(points[i]) for i in ConvexHull(points).vertices}
    assert set(zip(J.x, J.y, strict=True)) <= vertices


def test_bad_points_are_named():
    for points, words in (
        ([(0.0, 0.0), (0.0, 1.0)], "points must lie at 2 places or more"),
        ([(0.0,), (1.0, 1.0)], "points must be pairs"),
        ([(0.0, np.inf), (1.0, 1.0)], "points, y must be finite"),
    ):
        with pytest.raises(ValueError, match=words):
            ConvexGraph(points)
    J = ConvexGraph([(0, 0), (1, 1)])
    assert J.slopes(0.0) == (-np.inf, 1.0)
    assert np.isinf(J.value(2.0))
    with pytest.raises(ValueError, match="x must be"):
        J.slopes(2.0)
