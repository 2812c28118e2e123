"""What a section is for, told by its title: it states, rejects, leaves open, or only thanks and lists."""

from __future__ import annotations

import re
from typing import Literal

from langgraph_quorum.nodes.documents.model import Block, Document

SectionRole = Literal["body", "apparatus", "rejected", "open", "opening"]
"""`apparatus` is what surrounds a text (references, copyright, thanks); `opening` is where it says what it is for."""

_APPARATUS = re.compile(
    r"(?:references|bibliography|footnotes|citations|copyright|licen[cs]e|acknowledge?ments?|thanks|credits|see also"
    r"|further reading|change ?log|revision history|contributors|table of contents|index|links)\b",
    re.IGNORECASE,
)
_REJECTED = re.compile(r"\b(?:rejected|discarded|dismissed|alternatives? considered|alternatives)\b", re.IGNORECASE)
_OPEN = re.compile(
    r"\b(?:open (?:issues?|questions?|points?|problems?)|unresolved|outstanding issues|to[- ]?dos?|wish ?list"
    r"|future work|known (?:issues|limitations)|deferred ideas)\b",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"\b(?:abstract|summary|introduction|overview|synopsis|purpose|motivation|rationale|goals?|scope|tl;?dr)\b",
    re.IGNORECASE,
)


def section_role(title: str) -> SectionRole:
    """The role of a section by its title."""
    if _APPARATUS.match(title.strip()):
        return "apparatus"
    if _REJECTED.search(title):
        return "rejected"
    if _OPEN.search(title):
        return "open"
    return "opening" if _OPENING.search(title) else "body"


def roles_of_blocks(document: Document) -> list[tuple[Block, SectionRole, str]]:
    """Each block with the role of its section and the title of its outermost one.

    A subsection shares the role of its section unless its own title tells another. A paragraph that is nothing but an
    apparatus title ("Footnotes") makes what follows it in its section apparatus.
    """
    path: list[tuple[int, str, SectionRole]] = []
    found: list[tuple[Block, SectionRole, str]] = []
    for block in document.blocks:
        if block.kind == "heading":
            while path and path[-1][0] >= block.level:
                path.pop()
            own = section_role(block.text)
            path.append((block.level, block.text, own if own != "body" or not path else path[-1][2]))
        elif (
            path
            and block.kind == "paragraph"
            and len(block.text.split()) == 1
            and section_role(block.text) == "apparatus"
        ):
            path[-1] = (path[-1][0], path[-1][1], "apparatus")
        found.append((block, path[-1][2] if path else "body", path[0][1] if path else ""))
    return found
