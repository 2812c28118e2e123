"""reStructuredText: one document read with docutils."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from docutils import nodes

from langgraph_quorum.nodes.documents.lines import split_lines
from langgraph_quorum.nodes.documents.model import Block, Document, Fault, Place, Severity
from langgraph_quorum.nodes.documents.rst_blocks import BlockCollector
from langgraph_quorum.nodes.documents.rst_header import as_field_list, header_title
from langgraph_quorum.nodes.documents.rst_parsing import LONGEST_LINE, parse_tree
from langgraph_quorum.state.errors import DocumentError

_OTHER_LINE_ENDS = re.compile("[\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
_SEVERITIES: dict[int, Severity] = {1: "info", 2: "warning", 3: "error", 4: "error"}


def read_restructuredtext(source: str, text: str) -> Document:
    """Parses `text`; `source` is the name the document is known by.

    Raises:
        DocumentError: A line is too long for docutils.
    """
    raw_lines = split_lines(text)
    for number, line in enumerate(raw_lines, start=1):
        if len(line) >= LONGEST_LINE:
            problem = f"line {number} has {len(line)} characters, at most {LONGEST_LINE - 1} can be parsed: wrap it"
            raise DocumentError(source, problem)
    lines, fields = as_field_list([_OTHER_LINE_ENDS.sub(" ", line) for line in raw_lines])
    tree, reported = parse_tree(source, "\n".join(lines))
    collector = BlockCollector(lines)
    collector.collect(tree)
    first_heading = next((block.text for block in collector.blocks if block.kind == "heading"), "")
    return Document(
        source=source,
        format="rst",
        title=header_title(fields) or first_heading or PurePath(source).name,
        blocks=tuple(collector.blocks),
        links=tuple(collector.links),
        faults=tuple(_fault(message, collector.blocks) for message in reported),
        raw_lines=raw_lines,
    )


def _fault(message: nodes.system_message, blocks: Sequence[Block]) -> Fault:
    line = message.get("line")
    section = ""
    for block in blocks:
        if line is None or block.place["line"] > line:
            break
        section = block.place["section"]
    place = Place(section=section) if line is None else Place(section=section, line=line)
    said = message.children[0].astext() if message.children else ""
    return Fault(" ".join(said.split()), _SEVERITIES[message["level"]], place, "docutils")
