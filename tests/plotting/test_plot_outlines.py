"""Outlines in relative coordinates are the same outlines."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from breglab.plotting._outlines import relative

number = st.floats(-400, 400, allow_nan=False)
SIZES = {"m": 2, "l": 2, "q": 4, "c": 6}


def absolute(outline: str) -> list[tuple[str, list[float]]]:
    """Read relative coordinates as the standard says, without the code under test."""
    tokens = re.findall(r"[A-Za-z]|-?(?:\d+\.?\d*|\.\d+)", outline)
    found, here, first, command, i = [], (0.0, 0.0), (0.0, 0.0), "", 0
    while i < len(tokens):
        if tokens[i].isalpha():
            command, i = tokens[i], i + 1
        if command == "z":
            found.append(("Z", []))
            here = first
            continue
        size = SIZES[command.lower()]
        values = [float(x) for x in tokens[i : i + size]]
        i += size
        if command.islower():
            values = [x + here[j % 2] for j, x in enumerate(values)]
        here = (values[-2], values[-1])
        first = here if command == "M" else first
        found.append((command.upper(), values))
    return found


commands = st.one_of(
    *(st.tuples(st.just(c), st.lists(number, min_size=n, max_size=n))
      for c, n in (("M", 2), ("L", 2), ("Q", 4), ("C", 6))),
    st.just(("Z", [])),
)  # fmt: skip


@given(st.lists(commands, max_size=12))
def test_relative_coordinates_lead_to_the_same_points(parts):
    parts = [("M", [1.0, 2.0]), *parts]
    text = " ".join(
        " ".join([c if c != "Z" else "z", *(f"{x:.6f}" for x in xs)]) for c, xs in parts
    )
    found = absolute(relative(text))
    assert [c for c, _ in found] == [c for c, _ in parts]
    for (_, got), (_, wanted) in zip(found, parts, strict=True):
        # Half a hundredth of a point, and no drift: every point is rounded for itself.
        assert all(abs(a - b) <= 0.00501 for a, b in zip(got, wanted, strict=True))


def test_a_long_path_does_not_drift_and_is_shorter():
    xs = [i / 3.0 for i in range(1000)]
    text = "M 0 0 " + " ".join(f"L {x:.6f} {x / 7:.6f}" for x in xs)
    short = relative(text)
    assert len(short) < len(text) / 2
    assert abs(absolute(short)[-1][1][0] - xs[-1]) <= 0.00501
