"""docutils' tree as blocks and links, each on the lines where its source really stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from docutils import nodes

from langgraph_quorum.nodes.documents.lines import LineFinder
from langgraph_quorum.nodes.documents.model import Block, BlockKind, Link, Place

_UNREAD = (
    nodes.system_message,
    nodes.substitution_definition,
    nodes.target,
    nodes.pending,
    nodes.transition,
    nodes.label,
    nodes.raw,
)
_LISTS = (nodes.bullet_list, nodes.enumerated_list, nodes.definition_list, nodes.option_list)
_LEAVES = (nodes.paragraph, nodes.term, nodes.attribution, nodes.caption, nodes.rubric)
_CODE = (nodes.literal_block, nodes.doctest_block, nodes.math_block)
_REFERENCES = (nodes.reference, nodes.footnote_reference, nodes.citation_reference)


@dataclass(frozen=True, slots=True)
class _Context:
    """What surrounds a node."""

    kind: BlockKind = "paragraph"
    list_level: int = 0
    heading_level: int = 0


_Kinds = type[nodes.Node] | tuple[type[nodes.Node], ...]
_Visit = Callable[[Any, _Context], None]


class BlockCollector:
    """Goes through a tree in reading order and collects `blocks` and `links`. `lines` are those docutils was given."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.blocks: list[Block] = []
        self.links: list[Link] = []
        self._lines = lines
        self._finder = LineFinder(lines)
        self._section = ""
        self._visits: tuple[tuple[_Kinds, _Visit], ...] = (
            (nodes.section, self._add_section),
            (nodes.title, self._add_title),
            (_LEAVES, self._add_leaf),
            (_LISTS, self._add_list),
            (nodes.block_quote, self._add_quote),
            (_CODE, self._add_code),
            (nodes.option_group, self._add_option),
            (nodes.line_block, self._add_verse),
            (nodes.table, self._add_table),
            (nodes.field_list, self._add_fields),
            (nodes.comment, self._skip_comment),
        )

    def collect(self, tree: nodes.document) -> None:
        """Collects everything in the tree. Footnote references are written as a reader sees them, `[1]`."""
        notes: list[Any] = [*tree.findall(nodes.footnote_reference), *tree.findall(nodes.citation_reference)]
        for note in notes:
            note[:] = [nodes.Text(f"[{note.astext()}]")]
        self._children(tree, _Context())

    def _children(self, node: Any, context: _Context) -> None:
        for child in node.children:
            if isinstance(child, _UNREAD):
                continue
            visit = next((visit for kinds, visit in self._visits if isinstance(child, kinds)), self._children)
            visit(child, context)

    def _add_section(self, node: Any, context: _Context) -> None:
        self._children(node, replace(context, heading_level=context.heading_level + 1))

    def _add_title(self, node: Any, context: _Context) -> None:
        if isinstance(node.parent, nodes.section):
            self._section = node.astext()
            self._add_leaf(node, replace(context, kind="heading"))
        else:
            self._add_leaf(node, context)

    def _add_list(self, node: Any, context: _Context) -> None:
        self._children(node, replace(context, kind="list_item", list_level=context.list_level + 1))

    def _add_quote(self, node: Any, context: _Context) -> None:
        self._children(node, replace(context, kind="quote"))

    def _add_leaf(self, node: Any, context: _Context) -> None:
        if node.astext().strip():
            span = self._finder.find(node.rawsource or node.astext(), node.line)
            self._add(context, node.astext(), span)
            self._add_links([node], [span])

    def _add_code(self, node: Any, context: _Context) -> None:
        classes = node.get("classes", [])
        named = classes[1] if classes[:1] == ["code"] and len(classes) > 1 else ""
        language = "math" if isinstance(node, nodes.math_block) else node.get("language", named)
        text = node.astext()
        if text.strip():
            span = self._finder.find(node.rawsource or text, node.line)
            self._add(replace(context, kind="code"), text, span, language)
            self._add_links([node], [span])

    def _add_option(self, node: Any, context: _Context) -> None:
        """The names of a command line option, which its description follows on the same line."""
        line = self._finder.find_line(re.compile(rf"\s*{re.escape(node.astext()[:2])}")) or node.line or 1
        self._add(replace(context, kind="code"), node.astext(), (line, line))

    def _add_verse(self, node: Any, context: _Context) -> None:
        """A line block: its lines are one paragraph."""
        lines = [line for line in node.findall(nodes.line) if line.astext().strip()]
        spans = [self._finder.find(line.rawsource or line.astext(), line.line) for line in lines]
        if lines:
            self._add(context, "\n".join(line.astext() for line in lines), (spans[0][0], spans[-1][1]))
            self._add_links(lines, spans)

    def _add_table(self, node: Any, context: _Context) -> None:
        titles = [title for title in node.children if isinstance(title, nodes.title)]
        for title in titles:
            self._add_leaf(title, context)
        rows = [" | ".join(" ".join(cell.astext().split()) for cell in row.children) for row in node.findall(nodes.row)]
        leaves = [leaf for leaf in node.findall(nodes.paragraph) if leaf.rawsource]
        spans = self._finder.find_cells([(leaf.rawsource, leaf.line) for leaf in leaves])
        if spans:
            span = self._finder.with_rules(spans[0][0], max(last for _, last in spans))
            self._add(replace(context, kind="table"), "\n".join(rows), span)
            self._add_links(leaves, spans)

    def _add_fields(self, node: Any, context: _Context) -> None:
        """Fields before any prose are front matter, others are list items."""
        front = all(block.kind in {"heading", "metadata"} for block in self.blocks)
        kind: BlockKind = "metadata" if front else "list_item"
        for field in node.children:
            self._add_field(field, replace(context, kind=kind, list_level=context.list_level + 1))

    def _add_field(self, field: Any, context: _Context) -> None:
        name, body = field.children
        line = self._finder.find_line(re.compile(rf"\s*:{re.escape(name.rawsource or name.astext())}:"))
        leaves = [leaf for leaf in body.findall(nodes.paragraph) if leaf.rawsource]
        spans = [self._finder.find(leaf.rawsource, leaf.line) for leaf in leaves]
        first = line or (spans[0][0] if spans else 1)
        self._add(context, f"{name.astext()}: {body.astext()}".strip(), (first, spans[-1][1] if spans else first))
        self._add_links(leaves, spans)

    def _skip_comment(self, node: Any, _: _Context) -> None:
        if node.astext().strip():
            self._finder.find(node.rawsource or node.astext())

    def _add(self, context: _Context, text: str, span: tuple[int, int], language: str = "") -> None:
        level = {"heading": context.heading_level, "list_item": context.list_level}.get(context.kind, 0)
        place = Place(section=self._section, line=span[0], end_line=span[1])
        self.blocks.append(Block(context.kind, text, place, level, language))

    def _add_links(self, leaves: Iterable[Any], spans: Iterable[tuple[int, int]]) -> None:
        for leaf, (line, _) in zip(leaves, spans, strict=True):
            seen = 0
            for reference in leaf.findall(lambda node: isinstance(node, _REFERENCES)):
                at = leaf.rawsource.find(reference.rawsource, seen) if reference.rawsource else -1
                seen = max(at, seen)
                place = Place(section=self._section, line=line + leaf.rawsource.count("\n", 0, seen))
                target = _target(reference)
                if target:
                    self.links.append(Link(target, reference.astext(), place))


def _target(reference: Any) -> str:
    if isinstance(reference, nodes.reference):
        return str(reference.get("refuri") or (f"#{reference['refid']}" if reference.get("refid") else ""))
    return f"#{reference.astext()[1:-1]}"
