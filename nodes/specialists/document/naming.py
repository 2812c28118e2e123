"""Names and numbers of a document's parts: heading styles, numbered references, acronyms nobody explains."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Literal

from langgraph_quorum.nodes.documents.model import PROSE, Block, Document
from langgraph_quorum.nodes.specialists.document.faults import fault, with_data
from langgraph_quorum.nodes.specialists.document.header import header_fields
from langgraph_quorum.nodes.specialists.document.quoting import block_at, lines_in_words, opening
from langgraph_quorum.nodes.specialists.document.report import Finding
from langgraph_quorum.nodes.specialists.document.section_roles import roles_of_blocks
from langgraph_quorum.nodes.specialists.document.sentences import Sentence, sentences
from langgraph_quorum.nodes.specialists.document.unfinished import MARK_WORD

Style = Literal["title case", "sentence case", ""]

_LITERAL = re.compile(r"``(.+?)``|`([^`]+)`")
_DEFINED_NUMBER = re.compile(r"^\s*(?:\.\. )?\[\^?(\d{1,3})\]:?\s+\S")
_AUTO_NUMBERED = re.compile(r"^\s*\.\. \[#[\w.:+-]*\]\s+\S")
"""A footnote that docutils numbers: `.. [#] text`, `.. [#label] text`."""
_HEADING_NUMBER = re.compile(r"^((?:\d+\.)*\d+)[.)]?\s+\S")
_ACRONYM = re.compile(r"(?<![\w./@:-])([A-Z][A-Z0-9]*[A-Z])(?:s|'s)?(?![\w.(@-]*[\w(@])")
_SMALL_WORDS = frozenset(
    re.split(
        r"\s+",
        "a an the and or but nor of in on at to for from by with as is are it its be not do does vs via per into over "
        "than that this when if",
    )
)
_HOUSEHOLD = frozenset(
    re.split(
        r"\s+",
        "AM AND API ASCII BSD CEO CPU CSS CSV DNS EU FAQ FTP GMT GNU GUI HTML HTTP HTTPS ID IDE IMAP IO IP IRC ISO IT "
        "JSON MAY MIT MUST NOT NOTE OK OR OS PC PDF PDT PEP PM POP POSIX RAM REST RFC SHOULD SMTP SQL SSH SSL TBD TCP "
        "TLS UDP UI UK UN UNIX URI URL US USA USB UTC UTF XML YAML ZIP",
    )
)
"""Acronyms that general dictionaries list, or that are names by now: nobody expands them."""
_LEAST_MINORITY, _MINORITY_SHARE = 2, 0.15
_LEAST_USES = 2


def naming_findings(document: Document) -> list[Finding]:
    """Mixed heading styles, gaps in numbered references and headings, acronyms without an explanation."""
    return [*mixed_heading_styles(document), *numbering_gaps(document), *unexplained_acronyms(document)]


def heading_style(text: str, literals: frozenset[str]) -> Style:
    """Title case or sentence case, judged by the words after the first; "" when these do not tell.

    Names of code, words with an inner capital, small words and the words after a colon or a question do not tell.
    """
    words = re.findall(r"[^\W\d_][\w'’-]*", re.sub(r"[\"“][^\"”]*[\"”]", "", text))  # noqa: RUF001
    telling = [
        word
        for word in words[1:]
        if word.casefold() not in _SMALL_WORDS and word not in literals and re.fullmatch(r"[A-Z]?[a-z'’-]+", word)  # noqa: RUF001
    ]
    capitals = sum(1 for word in telling if word[0].isupper())
    if not telling or re.search(r"[()*_]", text):
        return ""
    if capitals == len(telling):
        return "title case"
    return "sentence case" if capitals == 0 else ""


def mixed_heading_styles(document: Document) -> list[Finding]:
    """Levels on which both styles occur, the rarer one at least twice and in 15 % of the headings that tell."""
    literals = _literals(document)
    levels: dict[int, dict[Style, list[Block]]] = defaultdict(lambda: defaultdict(list))
    for heading in document.of_kind("heading"):
        style = heading_style(heading.text, literals)
        if style:
            levels[heading.level][style].append(heading)
    found = []
    for level, styles in sorted(levels.items()):
        rare_style, rare = min(styles.items(), key=lambda entry: len(entry[1]))
        total = sum(map(len, styles.values()))
        if len(styles) < 2 or len(rare) < _LEAST_MINORITY or len(rare) < _MINORITY_SHARE * total:  # noqa: PLR2004
            continue
        named = ", ".join(f"“{heading.text}”" for heading in rare[:4])
        text = f"{len(rare)} of {total} headings of level {level} are in {rare_style}, unlike the rest: {named}."
        finding = fault("mixed_heading_styles", text, rare[0].place, "info", rare[0].text)
        found.append(with_data(finding, level=level, style=rare_style, headings=[heading.text for heading in rare]))
    return found


def numbering_gaps(document: Document) -> list[Finding]:
    """Numbers missing in a series of numbered references, and in numbered headings of one parent.

    A footnote that is numbered on rendering takes the lowest number that no other has, and so fills a gap.
    """
    defined = [
        (int(match[1]), number)
        for number, line in enumerate(document.raw_lines, 1)
        if (match := _DEFINED_NUMBER.match(line))
    ]
    found = []
    if len(defined) > 1:
        numbers = sorted(number for number, _ in defined)
        gaps = sorted(set(range(1, numbers[-1] + 1)) - set(numbers))
        filled = sum(1 for line in document.raw_lines if _AUTO_NUMBERED.match(line))
        missing = gaps[filled:]
        numbers = sorted([*numbers, *gaps[:filled]])
        block = block_at(document, {"section": "", "line": defined[0][1]})
        if missing and len(missing) < len(numbers) and block:
            named = ", ".join(f"[{number}]" for number in missing)
            text = f"The numbered references run from [{numbers[0]}] to [{numbers[-1]}]; missing: {named}."
            finding = fault("numbering_gap", text, block.place, "info", opening(block))
            found.append(with_data(finding, missing=missing))
    return [*found, *_heading_numbers(document)]


def _heading_numbers(document: Document) -> list[Finding]:
    """Numbered headings that do not follow the one before them under the same parent number."""
    last: dict[str, int] = {}
    found = []
    for heading in document.of_kind("heading"):
        match = _HEADING_NUMBER.match(heading.text)
        if match is None:
            continue
        parent, _, own = match[1].rpartition(".")
        before = last.get(parent)
        if before is not None and int(own) != before + 1:
            text = f"“{heading.text}” follows number {f'{parent}.' if parent else ''}{before}."
            found.append(fault("numbering_gap", text, heading.place, "warning", heading.text))
        last[parent] = int(own)
    return found


def unexplained_acronyms(document: Document) -> list[Finding]:
    """Acronyms used at least twice that the document never explains.

    Explained are those whose letters begin successive words somewhere in the text, and those next to a bracket. Names
    of header fields, words marked as code, emphasis and whole sentences in capitals, and household acronyms are left
    out.
    """
    text = " ".join(block.text for block in document.blocks if block.kind in PROSE | {"heading"})
    words = re.findall(r"[^\W\d_]+", text)
    initials = "".join(word[0] for word in words).casefold()
    small = {word for word in words if word.islower()}
    skipped = _HOUSEHOLD | _literals(document) | {field.name for field in header_fields(document)}
    uses: dict[str, list[Sentence]] = defaultdict(list)
    for block, role, _ in roles_of_blocks(document):
        for sentence in sentences(block, document) if block.kind in PROSE and role != "apparatus" else ():
            if _is_shouted(sentence.text):
                continue
            for match in _ACRONYM.finditer(sentence.text):
                uses[match[1]].append(sentence)
    found = []
    for acronym, places in uses.items():
        explained = acronym.casefold() in initials or re.search(rf"\(({acronym}s?)\)|\b{acronym}s? \(\w+ \w+", text)
        common = acronym in skipped or acronym.casefold() in small or re.fullmatch(MARK_WORD, acronym)
        if len(places) < _LEAST_USES or common or explained:
            continue
        lines = [place for one in places if (place := one.place.get("line")) is not None]
        where = f" ({lines_in_words(lines)})" if lines else ""
        finding = fault(
            "unexplained_acronym",
            f"“{acronym}” is used {len(places)} times and never explained{where}.",
            places[0].place,
            "info",
            places[0].text,
        )
        found.append(with_data(finding, acronym=acronym, lines=lines))
    return found


def _is_shouted(text: str) -> bool:
    """Whether most letters are capitals, as in the disclaimers of licences."""
    return 2 * sum(map(str.isupper, text)) > sum(map(str.isalpha, text))


def _literals(document: Document) -> frozenset[str]:
    """The words that the source marks as code."""
    marked = (a or b for line in document.raw_lines for a, b in _LITERAL.findall(line))
    return frozenset(word for words in marked for word in re.findall(r"\w+", words))
