"""Types in signatures lead to where they are documented here; what is not public leads nowhere, and is no mistake."""

from __future__ import annotations

import builtins
from collections import defaultdict
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref, pending_xref_condition
from sphinx.application import Sphinx
from sphinx.domains.python import ObjectEntry, PythonDomain
from sphinx.environment import BuildEnvironment
from sphinx.errors import NoUri
from sphinx.util.nodes import make_refnode

TYPES = ("class", "exception", "data", "type")


def _leave_builtins(_app: Sphinx, tree: nodes.document) -> None:
    """`type` in a signature is Python's own, and not the attribute `type` of a class."""
    for node in list(tree.findall(pending_xref)):
        if node.get("refdomain") == "py" and hasattr(builtins, node["reftarget"]):
            shown = node.children[0]
            node.replace_self(shown.children if isinstance(shown, pending_xref_condition) else shown)


class Types:
    """The types that are documented, by the last part of their name, once all pages have been read."""

    def __init__(self) -> None:
        self._known: dict[str, list[ObjectEntry]] = defaultdict(list)

    def learn(self, _app: Sphinx, env: BuildEnvironment) -> None:
        """Look them up once: there are thousands of references."""
        domain = env.get_domain("py")
        assert isinstance(domain, PythonDomain)  # noqa: S101
        for name, entry in domain.objects.items():
            if entry.objtype in TYPES:
                self._known[name.rpartition(".")[2]].append(entry)

    def lead(self, app: Sphinx, _env: BuildEnvironment, node: pending_xref, text: nodes.TextElement) -> Any:
        """Lead to the one type that is documented under the target's last name, else nowhere."""
        if node.get("refdomain") != "py":
            return None
        found = self._known.get(node["reftarget"].rpartition(".")[2], [])
        if len(found) != 1:
            raise NoUri
        return make_refnode(app.builder, node["refdoc"], found[0].docname, found[0].node_id, [text])


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of it."""
    types = Types()
    app.connect("doctree-read", _leave_builtins)
    app.connect("env-check-consistency", types.learn)
    app.connect("missing-reference", types.lead)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
