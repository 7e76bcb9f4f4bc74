"""Solutions of exercises behind a click, which needs no script; or left out of the site.

A site without them holds no picture of theirs either: they are taken away as soon as a page has
been read. Their cells are run all the same.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx_exercise.nodes import solution_node
from sphinx_exercise.transforms import MergeGatedSolutions

_OPEN = "<details><summary>Show the solution</summary>"


class HideSolutions(SphinxTransform):
    """Put the content of each solution into an element that the reader opens."""

    default_priority = MergeGatedSolutions.default_priority + 5

    def apply(self) -> None:
        """Change the page."""
        for node in list(self.document.findall(solution_node)):
            if not self.config.solutions:
                node.parent.remove(node)
                continue
            content = node.next_node(nodes.section, descend=True)
            if content is not None and content.parent is node:
                content["ids"] = [f"{node['label']}-content"]  # sphinx-exercise has one for all
                place = node.index(content)
                node.insert(place + 1, nodes.raw("", "</details>", format="html"))
                node.insert(place, nodes.raw("", _OPEN, format="html"))


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the transform and the option ``solutions``."""
    app.add_config_value("solutions", True, "env", bool)
    app.add_transform(HideSolutions)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
