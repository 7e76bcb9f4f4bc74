"""SVG that can stand in a page with others, and PNG with the pixels of the picture."""

from __future__ import annotations

import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from breglab.iteration import Status, Trace
from breglab.plotting import convergence, picture, to_png, to_svg, two_sides
from breglab.plotting.style import INK
from breglab.theory import Margins


@pytest.fixture(scope="module")
def svg() -> str:
    k = np.arange(5)
    trace = Trace(k, {"loss": 1.0 / (1.0 + k)}, Status.ITERATIONS, np.ones(1), np.ones(1))
    return to_svg(convergence(trace), label='the "loss" < 1', prefix="one")


def test_svg_is_well_formed_and_labelled(svg):
    root = ElementTree.fromstring(svg)
    assert root.tag == "svg"
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'the "loss" < 1'
    width, height = map(float, root.get("viewBox").split()[2:])
    assert width / height == pytest.approx(4.6 / 3.0, rel=1e-3)


def test_every_id_carries_the_prefix_and_every_reference_resolves(svg):
    ids = re.findall(r'\bid="([^"]+)"', svg)
    assert ids
    assert all(name.startswith("one-") for name in ids)
    assert len(ids) == len(set(ids))
    used = re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', svg)
    assert used
    assert {a or b for a, b in used} <= set(ids)


def test_text_is_text_and_follows_the_colour_of_the_page(svg):
    assert "currentColor" in svg
    assert INK not in svg
    texts = "".join(ElementTree.fromstring(svg).itertext())
    assert "iteration k" in texts
    assert "DejaVu" not in svg


def test_the_lines_are_where_the_figure_has_them():
    k = np.arange(5)
    trace = Trace(k, {"loss": 1.0 / (1.0 + k)}, Status.ITERATIONS, np.ones(1), np.ones(1))
    figure = convergence(trace)
    line = figure.axes[0].get_lines()[0]
    points = figure.axes[0].transData.transform(line.get_xydata()) * 72.0 / figure.dpi
    wanted = np.stack([points[:, 0], 72.0 * figure.get_figheight() - points[:, 1]], axis=-1)
    drawn = to_svg(figure, label="x", prefix="p")
    paths = re.findall(r'\bd="([^"]*)"[^>]*stroke: #2a78b5', drawn)
    found = [np.array(re.findall(r"-?[\d.]+", path), float).reshape(-1, 2) for path in paths]
    # The first point, and from each to the next.
    curve = np.cumsum(next(path for path in found if len(path) == len(k)), axis=0)
    assert np.max(np.abs(curve - wanted)) <= 0.01


def test_the_same_figure_gives_the_same_text():
    k = np.arange(5)
    trace = Trace(k, {"loss": 1.0 / (1.0 + k)}, Status.ITERATIONS, np.ones(1), np.ones(1))
    first, second = (to_svg(convergence(trace), label="x", prefix="p") for _ in range(2))
    assert first == second


def test_png_has_the_pixels_of_the_picture():
    image = np.array([[0.0, 1.0, 0.5], [1.5, -0.5, 0.2]])
    pixels = np.asarray(Image.open(io.BytesIO(to_png(picture(image, scale=3)))).convert("L"))
    assert pixels.shape == (6, 9)
    expected = np.kron(np.clip(image, 0.0, 1.0) * 255.0, np.ones((3, 3)))
    assert np.max(np.abs(pixels - expected)) <= 1.0


def test_a_saved_figure_is_opaque_and_one_in_a_page_is_not(svg):
    k = np.arange(5)
    trace = Trace(k, {"loss": 1.0 / (1.0 + k)}, Status.ITERATIONS, np.ones(1), np.ones(1))
    figure = convergence(trace)
    out = io.BytesIO()
    figure.savefig(out, format="png")
    for png in (out.getvalue(), to_png(figure)):
        pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))
        assert np.all(pixels[..., 3] == 255)
        assert np.all(pixels[0, 0] == 255)
    assert "#ffffff" not in svg


def test_markers_share_their_style_and_text_has_none_of_it():
    k = np.arange(3)
    margins = Margins(k, np.zeros(3), np.ones(3), np.ones(3), 0.0)
    root = ElementTree.fromstring(
        to_svg(two_sides(margins, "", ordered=False), label="", prefix="p")
    )
    groups = [g for g in root.iter("g") if len(g.findall("use")) >= 3]
    assert any(g.get("style") for g in groups)
    for group in groups:
        if group.get("style"):
            assert {child.tag for child in group} == {"use"}  # nothing else inherits it
    assert len(list(root.iter("use"))) >= 2 * 3


def test_a_picture_needs_two_axes():
    with pytest.raises(ValueError, match=r"image must have shape \(height, width\)"):
        picture(np.ones((2, 2, 3)))
