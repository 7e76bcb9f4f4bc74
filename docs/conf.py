"""How the site is built: `make docs`, or `sphinx-build -c docs . docs/_build/site` after the audit.

The source directory is the repository, so that pages, notebooks and README link to each other as
they do in a checkout; `include_patterns` says which files are pages.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
# What the kernels of the notebooks import, too.
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(HERE.parent), os.environ.get("PYTHONPATH", "")])
)

import breglab  # noqa: E402

project = "breglab"
author = "The breglab developers"
copyright = author
release = version = breglab.__version__
html_title = "breglab"

root_doc = "docs/index"
include_patterns = [
    "docs/*.md",
    "docs/integrations/*.md",
    "docs/how-to/*.md",
    "docs/tutorials/*.md",
    "docs/generated/**",
    "notebooks/[!R]*.md",
    "paper_figures/README.md",
    "paper_figures/results/*.md",
    "benchmarks/results/*.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
]
exclude_patterns = [".*", "docs/_build", "**/.ipynb_checkpoints", "breglab", "tests", "runs"]
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_exercise",
    "sphinx_design",
    "_site.mathml",
    "_site.docstrings",
    "_site.claims",
    "_site.pages",
    "_site.solutions",
]
suppress_warnings = ["myst.header"]  # a page may start at its own level

html_theme = "pydata_sphinx_theme"
html_favicon = "_static/breglab.svg"
html_context = {"default_mode": "auto"}
html_static_path = ["_static"]
nitpick_ignore_regex = [("py:.*", r"(collections|sklearn|torch|abc|enum)\..*")]
html_css_files = ["breglab.css"]
html_js_files = ["breglab.js"]
html_extra_path = ["_build/report"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "breglab"},
    "navigation_with_keys": False,
    "show_prev_next": True,
    "header_links_before_dropdown": 6,
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
    "footer_start": ["copyright"],
    "footer_end": [],
    "back_to_top_button": False,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"docs/index": [], "docs/explorers": []}

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist", "attrs_inline"]
myst_heading_anchors = 4
myst_update_mathjax = False
myst_links_external_new_tab = False

nb_execution_mode = "cache"
nb_execution_cache_path = str(HERE / "_build" / "cache")
nb_execution_timeout = 120
nb_execution_raise_on_error = True
nb_execution_excludepatterns = ["**/README.md"]
nb_merge_streams = True
# Pages need no network: widgets are shown by the picture that they bring along.
nb_ipywidgets_js = {}
nb_mime_priority_overrides = [("*", "application/vnd.jupyter.widget-view+json", None)]

solutions = os.environ.get("SOLUTIONS", "yes") != "no"
exercise_style = "solution_follow_exercise"

add_module_names = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_default_options = {
    "members": True,
    # What scikit-learn adds to its estimators is in its own documentation.
    "exclude-members": "set_fit_request, set_score_request, set_predict_request",
}
autodoc_class_signature = "mixed"
autodoc_preserve_defaults = True
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
numpydoc_use_plots = False
autosummary_generate = False
python_use_unqualified_type_names = True
