"""What a document announces and does not have: empty sections, pointers to nothing, missing sections."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from langgraph_quorum.nodes.documents.model import PROSE, Block, Document
from langgraph_quorum.nodes.specialists.document.faults import fault, with_data
from langgraph_quorum.nodes.specialists.document.outline import bare_headings
from langgraph_quorum.nodes.specialists.document.report import Finding
from langgraph_quorum.nodes.specialists.document.section_roles import roles_of_blocks
from langgraph_quorum.nodes.specialists.document.sentences import sentences

_BELOW = re.compile(r"\b(?:see|shown|described|listed|discussed|explained|given) (?:\w+ )?below\b", re.IGNORECASE)
_CODE_FOLLOWS = re.compile(
    r"\b(?:the|this) following (?:\w+ ){0,2}(?:code|snippet|listing|program|script)\b[^.]*:$"
    r"|\bhere is (?:the|some) code\b[^.]*:$",
    re.IGNORECASE,
)
_QUOTED_SECTION = re.compile(
    r"\bsection,? [\"“](?P<after>[^\"”]{2,80})[\"”]|[\"“](?P<before>[^\"”]{2,80})[\"”],? (?:sub)?section\b"
    r"|\b(?:see|in|under)(?: also)? [\"“](?P<pointed>[A-Z][^\"”]{2,80})[\"”],? (?:way )?(?:below|above)\b",
    re.IGNORECASE,
)
_NAMED_SECTION = re.compile(
    r"(?P<name>(?:(?:[A-Z][\w()*./-]*|and|of|the|for|from|in|to|with|a|an)\s+){0,8}[A-Z][\w()*./-]*)\s+section\b"
    r"(?!\s+(?:of|in)\s+(?!this\b|the (?:document|PEP|present)))"
)
_NO_NAME = frozenset(
    {"this", "the", "a", "an", "see", "in", "each", "that", "another", "next", "previous", "every", "no"}
)
_NEAR = 0.75
_WORDS_TO_ANNOUNCE = 3


def gaps(document: Document) -> list[Finding]:
    """All gaps, in reading order within each sort."""
    return [
        *_empty_sections(document),
        *missing_sections(document),
        *_nothing_follows(document),
    ]


def missing_sections(document: Document) -> list[Finding]:
    """References in words to a section by a title that no heading has, or that a heading has a little differently."""
    titles = [block.text for block in document.of_kind("heading")]
    known = {_plain(title): title for title in titles}
    found = []
    for block in document.blocks:
        if not titles or block.kind not in PROSE:
            continue
        for sentence in sentences(block, document):
            for name in _named_sections(sentence.text, known):
                near = get_close_matches(_plain(name), list(known), 1, _NEAR)
                kind = "section_named_differently" if near else "missing_section"
                said = f", the heading reads “{known[near[0]]}”" if near else ", and no heading has this title"
                text = f"The text refers to a section “{name}”{said}: {sentence.text}"
                finding = fault(kind, text, sentence.place, "info" if near else "warning", sentence.text)
                found.append(with_data(finding, section=name, heading=known[near[0]] if near else ""))
    return found


def _named_sections(text: str, known: dict[str, str]) -> Iterator[str]:
    """Titles of sections that a sentence names and that no heading has."""
    for match in _QUOTED_SECTION.finditer(text):
        name = (match["after"] or match["before"] or match["pointed"]).strip(" .,")
        if not _resolves(name, known) and not re.match(
            r"\s+of (?:PEP|RFC|the \w+ (?:manual|docs))", text[match.end() :]
        ):
            yield name
    for match in _NAMED_SECTION.finditer(text):
        words = match["name"].split()
        while words and words[0].casefold() in _NO_NAME:
            words.pop(0)
        resolved = any(_resolves(" ".join(words[start:]), known) for start in range(len(words)))
        before = text[: match.end("name")]
        if words and not resolved and not any(_plain(before).endswith(title) for title in known):
            yield " ".join(words)


def _resolves(name: str, known: dict[str, str]) -> bool:
    """Whether a heading has this title, or begins with it before a colon."""
    plain = _plain(name)
    return plain in known or any(title.startswith(f"{plain} ") for title in known)


def _plain(title: str) -> str:
    """A title without case, markup, punctuation and its number."""
    words = re.findall(r"\w+", title.casefold())
    return " ".join(words[1:] if len(words) > 1 and words[0].isdigit() else words)


def _empty_sections(document: Document) -> list[Finding]:
    """Headings with nothing under them."""
    return [
        fault(
            "empty_section",
            f"“{heading.text}” has nothing under it that a reader sees.",
            heading.place,
            "warning",
            heading.text,
        )
        for heading in bare_headings(document)
    ]


def _nothing_follows(document: Document) -> list[Finding]:
    """Paragraphs that announce something, or point below, when the section or the text ends there."""
    marked = roles_of_blocks(document)
    found: list[Finding] = []
    level = 0
    for index, (block, role, _) in enumerate(marked):
        if block.kind == "heading":
            level = block.level
        if block.kind not in {"paragraph", "list_item"} or role == "apparatus":
            continue
        read = sentences(block, document)
        after = marked[index + 1][0] if index + 1 < len(marked) else None
        if read and _announces_nothing(block, after, level):
            text = read[-1].text
            found.append(fault("announced_missing", f"Nothing follows: {text}", read[-1].place, "warning", text))
        if all(other == "apparatus" for _, other, _ in marked[index + 1 :]):
            found += [
                fault(
                    "points_to_nothing",
                    f"Points below, where nothing follows: {one.text}",
                    one.place,
                    "warning",
                    one.text,
                )
                for one in read
                if _BELOW.search(one.text)
            ]
    return found


def _announces_nothing(block: Block, after: Block | None, level: int) -> bool:
    """Whether a block ends in a colon and its section ends there, or promises code and other prose follows.

    Args:
        block: A paragraph or list item.
        after: The block after it, None at the end.
        level: Of the heading above; a deeper heading that follows is what was announced.
    """
    text = " ".join(block.text.split())
    if not text.endswith(":") or len(text.split()) < _WORDS_TO_ANNOUNCE:
        return False
    if after is None or (after.kind == "heading" and after.level <= level):
        return True
    return bool(_CODE_FOLLOWS.search(text)) and after.kind in {"paragraph", "quote"}
