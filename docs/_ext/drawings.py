"""Mermaid drawings, drawn by the page itself with the script beside it: no network, also from the file system.

The script is `@mermaid-js/tiny` 11.17.2 of the npm registry as it is, under the licence beside it. A module script, as
`sphinxcontrib-mermaid` loads it, would not be read from the file system.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx

SCRIPT = "mermaid.tiny.js"
DRAW = """
for (const block of document.querySelectorAll(".highlight-mermaid")) {
  const drawing = document.createElement("div");
  drawing.className = "drawing";
  drawing.textContent = block.textContent.trim();
  block.replaceWith(drawing);
}
mermaid.initialize({ startOnLoad: false, theme: "default" });
mermaid.run({ querySelector: ".drawing" });
"""


def _is_drawing(node: nodes.Node) -> bool:
    return isinstance(node, nodes.literal_block) and node.get("language") == "mermaid"


def _add_script(app: Sphinx, _page: str, _template: str, _context: dict[str, Any], tree: nodes.document | None) -> None:
    """Only pages with a drawing carry the script: it is large."""
    if tree is not None and next(tree.findall(_is_drawing), None) is not None:
        app.add_js_file(SCRIPT, loading_method="defer")
        app.add_js_file(None, body=f'addEventListener("DOMContentLoaded", () => {{{DRAW}}});')


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of it."""
    app.add_lexer("mermaid", TextLexer)
    app.connect("html-page-context", _add_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
