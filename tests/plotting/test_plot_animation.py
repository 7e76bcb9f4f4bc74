"""The path that grows, and the moments of a path and of a training run."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from breglab.plotting import density_bars, growing_path, snapshot
from breglab.solvers import inverse_scale_space_path


@pytest.fixture(scope="module")
def path():
    return inverse_scale_space_path(np.eye(3), np.array([3.0, 0.0, 1.0]))


def test_a_growing_path_uncovers_its_curves_and_leaves_the_grid_alone(path):
    root = ElementTree.fromstring(growing_path(path, seconds=4.0))
    area = root.find(".//clipPath/rect[@class='growing-seen']")
    assert area is not None
    clipped = [element for element in root.iter() if "clip-path" in element.attrib]
    assert clipped
    assert not any("stroke: currentColor" in element.get("style", "") for element in clipped)
    style = root.find("style").text
    assert "growing-seen 4s linear infinite" in style
    assert f"translateX(-{float(area.get('width'))}px)" in style


def test_a_growing_path_stands_still_for_who_asks_for_less_motion(path):
    text = growing_path(path)
    inside = text[text.index("@media (prefers-reduced-motion: no-preference)") :]
    assert text.count("animation:") == inside[: inside.index("@keyframes")].count("animation:") == 2
    assert len(text) < 500_000


def test_a_growing_path_needs_time(path):
    with pytest.raises(ValueError, match="seconds must be finite and > 0"):
        growing_path(path, seconds=0.0)


@pytest.mark.parametrize("line", [False, True])
@pytest.mark.parametrize("size", [5, 80])
def test_a_snapshot_shows_the_entries_and_the_truth(line, size):
    u = np.zeros(size)
    u[[1, 3]] = 2.0, -1.0
    axes = snapshot(u, "now", truth=2.0 * u, line=line).axes[0]
    drawn = {one.get_label(): one.get_xydata() for one in axes.get_lines()}
    for name, values in (("u", u), ("truth", 2.0 * u)):
        for i, value in drawn[name]:
            assert values[int(i)] == value
        assert {1, 3} <= {int(i) for i, _ in drawn[name]}


def test_a_snapshot_refuses_other_shapes():
    with pytest.raises(ValueError, match=r"u must have shape \(n,\), got \(2, 2\)"):
        snapshot(np.eye(2), "a matrix")
    with pytest.raises(ValueError, match=r"truth must have shape \(2,\), got \(3,\)"):
        snapshot(np.ones(2), "now", truth=np.ones(3))


def test_bars_are_densities_in_percent_on_one_axis_for_all_rows():
    record = {"step": np.arange(2.0), "density": np.array([0.1, 0.3]),
              "density/a": np.array([0.2, 0.5]), "density/b": np.array([0.0, 0.1])}  # fmt: skip
    first, last = (density_bars(record, row).axes[0] for row in (0, -1))
    assert [bar.get_width() for bar in last.patches] == pytest.approx([50.0, 10.0])
    assert first.get_xlim() == last.get_xlim()
    assert last.get_title(loc="left") == "after step 1"
    with pytest.raises(KeyError, match="no densities were recorded"):
        density_bars({"step": np.arange(2)}, 0)
