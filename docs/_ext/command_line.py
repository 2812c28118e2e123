"""The directive `command-line`: every command of `quorum` with its options, as typer writes them from the program."""

from __future__ import annotations

import re
from html import unescape

import typer.cli
import typer.main
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from langgraph_quorum.orchestration.cli.app import app as command_line

OPTION = re.compile(r"(?<![`\w-])--[a-z][a-z-]*(?![^`\n]*`:)")
"""An option in a sentence. Those that a list begins with are code already."""


class CommandLine(SphinxDirective):
    """What `typer langgraph_quorum.orchestration.cli.app utils docs` prints, without its own title."""

    def run(self) -> list[nodes.Node]:
        """Write them below the heading that stands before the directive."""
        command = typer.main.get_command(command_line)
        text = typer.cli.get_docs_for_click(obj=command, ctx=typer.Context(command), name="quorum")
        below = OPTION.sub(r"`\g<0>`", re.sub(r"\A# .*\n", "", text))
        return self.parse_text_to_nodes(unescape(below), allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of it."""
    app.add_directive("command-line", CommandLine)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
