"""Types in signatures lead to where they are documented here; what is not public leads nowhere, and is no mistake."""

from __future__ import annotations

import builtins
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref, pending_xref_condition
from sphinx.application import Sphinx
from sphinx.domains.python import PythonDomain
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


def _lead(app: Sphinx, env: BuildEnvironment, node: pending_xref, text: nodes.TextElement) -> Any:
    """Lead to the one type that is documented under the target's last name, else nowhere."""
    if node.get("refdomain") != "py":
        return None
    domain = env.get_domain("py")
    assert isinstance(domain, PythonDomain)  # noqa: S101
    last = node["reftarget"].rpartition(".")[2]
    found = [entry for name, entry in domain.objects.items() if name.rpartition(".")[2] == last]
    types = [entry for entry in found if entry.objtype in TYPES]
    if len(types) != 1:
        raise NoUri
    return make_refnode(app.builder, node["refdoc"], types[0].docname, types[0].node_id, [text])


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of it."""
    app.connect("doctree-read", _leave_builtins)
    app.connect("missing-reference", _lead)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
