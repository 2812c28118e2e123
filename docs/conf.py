"""How Sphinx builds the site of these pages: `make docs`."""  # noqa: INP001

from __future__ import annotations

import sys
from pathlib import Path

from pygments.lexers.sql import PostgresLexer
from sphinx.application import Sphinx

sys.path.insert(0, str(Path(__file__).parent))

project = "langgraph-quorum"
author = project
html_title = project

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "_ext.command_line",
    "_ext.contents",
    "_ext.docstrings",
    "_ext.drawings",
    "_ext.fields",
    "_ext.outside",
    "_ext.public_names",
]
exclude_patterns = ["_build"]
nitpicky = True
show_warning_types = True

myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]

smartquotes_action = "D"
html_theme = "furo"
html_static_path = ["_static"]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_css_files = ["site.css"]

# Docstrings are in Google's form; what they have between backticks is code.
default_role = "code"
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_attr_annotations = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_class_signature = "mixed"
autodoc_inherit_docstrings = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"


def setup(app: Sphinx) -> None:
    """Read the pages' SQL as Postgres does."""
    app.add_lexer("sql", PostgresLexer)
