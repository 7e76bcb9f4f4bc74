"""The claims by section of the paper, each with its kind."""

from __future__ import annotations

from typing import Any

BEYOND = "beyond the paper"


def index(content: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Return the claims of a document by section, in the order of the paper."""
    sections = sorted({claim["section"] for claim in content["claims"]}, key=lambda s: (not s, s))
    return {
        heading(section): [c for c in content["claims"] if c["section"] == section]
        for section in sections
    }


def heading(section: str) -> str:
    """Return a section of the paper in words."""
    if not section:
        return BEYOND
    return f"Section {section}" if section[0].isdigit() else f"Appendix {section}"
