"""The links to the next and the previous page call them what the table of contents calls them.

Sphinx takes a page's first heading. That of a page which shows the README is the name of the package.
"""

from __future__ import annotations

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def _name_pages(app: Sphinx, env: BuildEnvironment) -> None:
    for tree in env.get_doctree(app.config.root_doc).findall(addnodes.toctree):
        for name, page in tree["entries"]:
            if name and page in env.titles:
                env.titles[page] = nodes.title(name, name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of it."""
    app.connect("env-updated", _name_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
