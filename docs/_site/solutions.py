"""Exercises, counted from one on each page, and their solutions behind a click or left out.

A site without them holds no picture of theirs either: they are taken away as soon as a page has
been read. Their cells are run all the same.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx_exercise.nodes import is_exercise_node, solution_node
from sphinx_exercise.transforms import MergeGatedSolutions

_OPEN = "<details><summary>Show the solution</summary>"


class HideSolutions(SphinxTransform):
    """Put the content of each solution into an element that the reader opens."""

    default_priority = MergeGatedSolutions.default_priority + 5

    def apply(self) -> None:
        """Change the page."""
        for node in self.document.findall(is_exercise_node):
            content = node.next_node(nodes.section)
            if content is not None:
                content["ids"] = [f"{node['label']}-content"]  # sphinx-exercise has one for all
        for node in list(self.document.findall(solution_node)):
            if not self.config.solutions:
                node.parent.remove(node)
                continue
            content = node.next_node(nodes.section, descend=True)
            if content is not None and content.parent is node:
                content["ids"] = [f"{node['label']}-content"]
                place = node.index(content)
                node.insert(place + 1, nodes.raw("", "</details>", format="html"))
                node.insert(place, nodes.raw("", _OPEN, format="html"))


def count_anew(app: Sphinx, env: Any) -> list[str]:
    """Count the exercises of each page by themselves, as the chapters refer to them."""
    for numbers in env.toc_fignumbers.values():
        own = numbers.get("exercise", {})
        order = sorted(own, key=own.__getitem__)
        own.update({name: (place,) for place, name in enumerate(order, start=1)})
    return []


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the transform and the option ``solutions``."""
    app.add_config_value("solutions", True, "env", bool)
    app.add_transform(HideSolutions)
    app.connect("env-get-updated", count_anew, priority=900)  # after Sphinx has counted
    return {"parallel_read_safe": True, "parallel_write_safe": True}
