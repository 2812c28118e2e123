"""The code blocks of a document: in which language each is, how that is known, and where it breaks."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

from pygments.lexers import find_lexer_class_by_name, guess_lexer
from pygments.util import ClassNotFound

from langgraph_quorum.nodes.documents.model import PROSE, Block, Document
from langgraph_quorum.nodes.specialists.document.python_code import SyntaxFault, read_python

_SURE = 0.8
"""Pygments' own scale of certainty, 0..1: shebangs, diffs and the like reach it, mere resemblance gives 0.1 to 0.5."""

_DELIBERATE = re.compile(
    r"\b(?:Syntax|Indentation)Error\b|\b(?:in|not )valid\b|\bwrong\b|\billegal\b|\bambiguous\b|\brejected\b"
    r"|\bwould (?:look|be written)\b|\bnot allowed\b|\bprohibited\b|\bhypothetical"
    r"|\b(?:don't|do not|never) (?:do|write)\b",
    re.IGNORECASE,
)
"""Words by which authors announce code that is meant to be broken, or written in a syntax that does not exist."""

_SIGNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("pytb", re.compile(r"\A\s*Traceback \(most recent call last\):")),
    ("ebnf", re.compile(r"^\s*[\w<>-]+\s*::=", re.MULTILINE)),
    ("console", re.compile(r"\A\s*\$ \S", re.MULTILINE)),
    (
        "bash",
        re.compile(
            r"\A\s*(?:#!.*\b(?:ba|z|k)?sh\b|(?:sudo|pip3?|python3?|git|cd|mkdir|npm|npx|yarn|curl|wget|docker|make|apt"
            r"|apt-get|brew|cargo|export|source|echo|ls|cp|mv|rm|chmod|uv|pytest|ruff|mypy) [\w./~$\"'-])"
        ),
    ),
    ("c", re.compile(r"^\s*#\s*include\s*[<\"]", re.MULTILINE)),
    ("sql", re.compile(r"\A\s*(?:SELECT\b[\s\S]+\bFROM\b|CREATE TABLE\b|INSERT INTO\b|ALTER TABLE\b)", re.IGNORECASE)),
    ("html", re.compile(r"\A\s*<(?:!doctype html|html|div|head|body|p|span|a|ul|table)\b", re.IGNORECASE)),
    ("xml", re.compile(r"\A\s*<(?:\?xml\b|([\w:-]+)[^<>]*>[\s\S]*</\1>\s*\Z)")),
)
_GRAMMAR_RULE = re.compile(r"^\s*[a-z_]\w*\s*:\s+\S.*[|'\[(A-Z*+?]", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """One code block as analysed."""

    block: Block
    language: str
    """Pygments' short name (`python`, `pycon`, `bash`), `text` for none, "" when it could not be told."""
    known_by: Literal["name", "content", ""]
    line: int | None
    """The source line of the first line of code, from 1."""
    completed: int = 0
    """Headers without a body: deliberately partial code."""
    faults: tuple[SyntaxFault, ...] = ()
    deliberate: bool = False
    """Whether the block or the words before it announce code that is not to work."""


def code_blocks(document: Document) -> list[CodeBlock]:
    """All code blocks of a document, in reading order, each with its language and its syntax faults.

    Only blocks that claim to be Python, or clearly are Python, can have faults.
    """
    found = []
    before = ""
    for block in document.blocks:
        if block.kind == "code":
            found.append(_analysed(block, before, document))
        elif block.kind in PROSE:
            before = block.text
        elif block.kind == "heading":
            before = ""
    return found


def unknown_name(language: str) -> bool:
    """Whether an author's name for a language means nothing to Pygments, so that nothing will colour the block."""
    return bool(language) and not _canonical(language)


def _analysed(block: Block, before: str, document: Document) -> CodeBlock:
    """Tell the language of a block, and check it when it is Python."""
    named = _canonical(block.language)
    line = _first_line(block, document)
    if named and named not in {"python", "pycon"}:
        return CodeBlock(block, named, "name", line)
    reading = read_python(block.text)
    foreign = "" if named or reading.console else recognised(block.text, guess=not reading.certain)
    if foreign or not (named or reading.certain):
        return CodeBlock(block, foreign, "content" if foreign else "", line)
    language = "pycon" if reading.console else "python"
    deliberate = bool(_DELIBERATE.search(before) or _DELIBERATE.search(_comments(block.text)))
    return CodeBlock(
        block, language, "name" if named else "content", line, reading.completed, reading.faults, deliberate
    )


def recognised(text: str, *, guess: bool = True) -> str:
    """The language of a text that is not Python, by signs that only one language has; "" when there are none.

    Args:
        text: A block of code.
        guess: Whether to ask Pygments too, which takes odd spacing in Python for other languages.
    """
    if text.lstrip()[:1] in {"{", "["}:
        try:
            json.loads(text)
        except (ValueError, RecursionError):
            pass
        else:
            return "json"
    for language, sign in _SIGNS:
        if sign.search(text):
            return language
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and 2 * len(_GRAMMAR_RULE.findall(text)) > len(lines) and "|" in text:
        return "ebnf"
    return _guessed(text) if guess else ""


def _guessed(text: str) -> str:
    """The language that Pygments is sure of."""
    try:
        lexer = type(guess_lexer(text))
    except ClassNotFound:
        return ""
    sure = lexer.analyse_text(text) >= _SURE and lexer.aliases and not lexer.aliases[0].startswith("py")
    return str(lexer.aliases[0]) if sure else ""


def _canonical(language: str) -> str:
    """Pygments' short name of a language, "" when it knows none of this name."""
    name = language.strip().casefold()
    if not name or name == "none":
        return "text" if name else ""
    try:
        return str(find_lexer_class_by_name(name).aliases[0])
    except ClassNotFound:
        return ""


def _comments(text: str) -> str:
    """What the comments of a block say."""
    return "\n".join(line.partition("#")[2] for line in text.splitlines() if "#" in line)


def _first_line(block: Block, document: Document) -> int | None:
    """The line of the first line of code: a directive's place may begin some lines before it."""
    start = block.place.get("line")
    if start is None:
        return None
    opening = next((line.strip() for line in block.text.splitlines() if line.strip()), "")
    end = block.place.get("end_line", start + 12)
    for number in range(start, min(end, len(document.raw_lines)) + 1):
        if opening and document.raw_lines[number - 1].strip() == opening:
            return number
    return start
