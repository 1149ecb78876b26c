"""How the documentation is built: ``python -m sphinx -W --keep-going docs build/docs``.

Nothing is fetched: links to scikit-learn's pages are made from the names, without its inventory.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from docutils import nodes

# One BLAS thread in this process and in workers, as in the tests: equal fits are then equal to the bit.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

import skhpo

_DOCS = Path(__file__).parent

project = "skhpo"
author = "The skhpo developers"
project_copyright = "The skhpo developers"
version = release = skhpo.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = [
    "_build",
    "build",
    "examples/*.rst",
    "auto_examples/*.py",
    "auto_examples/*.ipynb",
]
templates_path = ["_templates"]
nitpicky = False
default_role = "literal"

# Pages
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# Reference
autosummary_generate = True
toc_object_entries_show_parents = "hide"
autodoc_typehints = "none"  # the docstrings say more
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
autodoc_default_options = {"member-order": "bysource"}

# Examples are executed while the pages are built.
sys.path.insert(0, str(_DOCS))
import _gallery

sphinx_gallery_conf = {
    "examples_dirs": str(_DOCS / "examples"),
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/(" + "|".join(_gallery.executed()) + r")\.py$",
    "ignore_pattern": r"^(?!plot_)",
    "within_subsection_order": "_gallery.order",
    "only_warn_on_example_error": False,
    "reset_modules": ("matplotlib", "_gallery.watch_warnings"),
    "reset_modules_order": "both",
    "show_memory": False,
    "download_all_examples": False,
    "plot_gallery": "True",
}

# HTML
html_theme = "pydata_sphinx_theme"
html_title = "skhpo"
html_static_path = ["_static"]
html_css_files = ["skhpo.css"]
html_show_sourcelink = False
html_theme_options = {
    "show_prev_next": True,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "header_links_before_dropdown": 8,
    "navbar_persistent": ["search-button"],
    "secondary_sidebar_items": ["page-toc"],
    "show_toc_level": 2,
}
html_sidebars = {"why": [], "how_it_works": [], "extend": [], "index": []}

_SKLEARN = "https://scikit-learn.org/stable"


def _scikit_learns_page(app: Any, env: Any, node: Any, contnode: Any) -> Any:  # noqa: ARG001 - Sphinx' signature
    """Return a link for what inherited docstrings refer to in scikit-learn's documentation, and joblib's."""
    target = node.get("reftarget", "")
    if node.get("refdomain") == "py" and target.startswith("sklearn."):
        uri = f"{_SKLEARN}/modules/generated/{target}.html"
    elif node.get("refdomain") == "py" and target.startswith("joblib."):
        uri = f"https://joblib.readthedocs.io/en/stable/generated/{target}.html"
    elif node.get("refdomain") == "std" and node.get("reftype") == "term":
        uri = f"{_SKLEARN}/glossary.html#term-{target.replace(' ', '-')}"
    elif node.get("refdomain") == "std" and node.get("reftype") == "ref":
        uri = f"{_SKLEARN}/{target}.html"
    else:
        return None
    return nodes.reference("", "", contnode, internal=False, refuri=uri)


def _without_scikit_learns_versions(*event: Any) -> None:
    """Drop from inherited docstrings since when scikit-learn has what they describe."""
    _, _, _, obj, _, lines = event  # of autodoc-process-docstring
    if str(getattr(obj, "__module__", "")).startswith("sklearn."):
        lines[:] = [line for line in lines if not line.strip().startswith(".. version")]


def setup(app: Any) -> None:
    app.connect("missing-reference", _scikit_learns_page)
    app.connect("autodoc-process-docstring", _without_scikit_learns_versions)
