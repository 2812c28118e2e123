"""What a DOCX paragraph is, as its style and its own properties say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from docx.oxml.ns import qn

from langgraph_quorum.nodes.documents.model import BlockKind

Role = tuple[BlockKind, int]
"""Kind and level of the block."""

_HEADING = re.compile(r"heading (\d)$")
_LIST = re.compile(r"list(?: bullet| number| continue)?(?: (\d))?$")
_QUOTES = frozenset(("quote", "intense quote", "block text", "quotations"))
_LISTINGS = frozenset(("html preformatted", "macro", "macro text", "plain text", "preformatted text", "verbatim"))
_BODY_TEXT_LEVEL = 9
"""The outline level Word gives to what is no heading."""


def is_contents(style: Any) -> bool:
    """Whether the paragraph is a line of a table of contents, which only repeats the headings."""
    return bool(re.match(r"toc \d", style.name.lower())) if style is not None and style.name else False


def role_of(paragraph: Any, style: Any) -> Role:
    """Kind and level of a paragraph (its XML element), given its style."""
    properties = paragraph.pPr
    level = _outline_level(properties)
    if level:
        return "heading", level
    role = next((role for role in map(_style_role, _with_bases(style)) if role is not None), None)
    if role is not None and role[0] == "heading":
        return role
    numbering = properties.numPr if properties is not None else None
    if numbering is not None:
        return _numbered(numbering) or ("paragraph", 0)
    return role or ("paragraph", 0)


def _with_bases(style: Any) -> Iterator[Any]:
    """A style and those it is based on. A damaged file may base styles on each other in a ring."""
    seen: set[str] = set()
    while style is not None and style.style_id not in seen:
        seen.add(style.style_id)
        yield style
        style = style.base_style


def _style_role(style: Any) -> Role | None:
    properties = style.element.pPr
    if level := _outline_level(properties):
        return "heading", level
    named = _named_role((style.name or "").lower())
    if named is None and properties is not None and properties.numPr is not None:
        return _numbered(properties.numPr)
    return named


def _named_role(name: str) -> Role | None:
    """By the names of Word's and LibreOffice's own styles, which files hold in English whatever the user sees."""
    if heading := _HEADING.match(name):
        return "heading", int(heading[1])
    if name == "title":
        return "heading", 1
    if listed := _LIST.match(name):
        return "list_item", int(listed[1] or 1)
    if name in _QUOTES:
        return "quote", 0
    return ("code", 0) if name in _LISTINGS or "code" in name.split() else None


def _outline_level(properties: Any) -> int:
    """From 1; 0 for none."""
    found = properties.find(qn("w:outlineLvl")) if properties is not None else None
    value = found.get(qn("w:val"), "") if found is not None else ""
    return int(value) + 1 if value.isdecimal() and int(value) < _BODY_TEXT_LEVEL else 0


def _numbered(numbering: Any) -> Role | None:
    """A list item; number 0 takes a paragraph out of the list that its style puts it in."""
    if numbering.numId is not None and numbering.numId.val == 0:
        return None
    return "list_item", (numbering.ilvl.val if numbering.ilvl is not None else 0) + 1
