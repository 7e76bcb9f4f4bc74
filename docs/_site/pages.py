"""The generated pages: written to ``docs/generated`` before Sphinx reads the sources."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx

from _site import api, benchmarks, front, provenance, theory

GENERATED = Path(__file__).parent.parent / "generated"


def write_all() -> dict[str, str]:
    """Return the generated pages by their names under ``docs/generated``, and write them.

    A page whose text has not changed is left alone, so that Sphinx does not read it again; one
    that is generated no more is removed.
    """
    pages = api.pages() | theory.pages() | provenance.pages() | benchmarks.pages() | front.pages()
    for name, text in pages.items():
        path = GENERATED / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")
    for path in GENERATED.rglob("*.*"):
        if path.relative_to(GENERATED).as_posix() not in pages:
            path.unlink()
    return pages


def _redirect(app: Sphinx, error: Exception | None) -> None:
    """Let the folder of the site open its front page."""
    if error is None and app.builder.name == "html":
        page = '<!doctype html><meta charset="utf-8"><title>breglab</title>'
        page += '<meta http-equiv="refresh" content="0; url=docs/index.html">'
        page += '<a href="docs/index.html">breglab</a>\n'
        (Path(app.outdir) / "index.html").write_text(page, "utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Write the pages now: the builder finds them among its sources."""
    app.connect("builder-inited", lambda app: write_all() and None)
    app.connect("build-finished", _redirect)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
