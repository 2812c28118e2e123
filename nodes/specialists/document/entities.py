"""What a document names: people, organisations, standards, code and acronyms, found by their form and case."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from langgraph_quorum.nodes.documents.model import Document, Place
from langgraph_quorum.nodes.specialists.document.acronyms import expansions
from langgraph_quorum.nodes.specialists.document.prose import Passage, words_of
from langgraph_quorum.nodes.specialists.document.sentences import Sentence

Sort = Literal["person", "organisation", "proper_name", "reference", "code_name", "acronym"]

_PEOPLE_FIELDS = re.compile(
    r"^\s*([\w-]*(?:author|editor|delegate|sponsor|maintainer|contributor)[\w-]*)\s*:\s*(.+)", re.IGNORECASE | re.DOTALL
)
_MAIL = re.compile(r"<[^>]*>|\([^)]*@[^)]*\)|\S+@\S+")
_UPPER = r"[^\W\d_a-z](?:[\w'\u2019-]*[^\W\d_]|\.)?"
_NAME = re.compile(rf"(?<![\w.@/-]){_UPPER}(?:\s+(?:(?:van|von|de|der|di|da|le|la)\s+)*{_UPPER}){{1,3}}(?![\w@/(])")
_PERSON = re.compile(rf"(?:{_UPPER}\s+)+(?:(?:van|von|de|der|di|da|le|la)\s+)*{_UPPER}")
_ORGANISATION = re.compile(
    r"\b(?:Inc|Ltd|GmbH|LLC|Corp|Corporation|Company|Foundation|University|Institute|Research|Group|Labs?|Association"
    r"|Committee|Council|Consortium|Society|Ministry|Agency|Bank|Software Foundation)\.?$"
)
_REFERENCE = re.compile(r"\b(PEP|RFC|ISO|IEEE|ECMA|CVE|BCP)[ -]?(\d[\d-]*\d|\d)\b")
_CODE = re.compile(
    r"(?<![\w./@:])(?:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+(?:\(\))?|[A-Za-z_]\w*\(\)|(?:[A-Z][a-z0-9]+){2,}|__\w+__)"
    r"(?![\w/@]|\.\w|\()"
)
_NO_CODE = re.compile(
    r"\.(?:org|com|net|io|html?|rst|txt|md|pdf|py|c|cfg|ini|toml|ya?ml|json)\b|^(?:e\.g|i\.e|a\.k\.a|www\.|comp\.)",
    re.IGNORECASE,
)
_CUE = re.compile(r"\b(?:by|thanks?(?:\s+to)?|with|from|contributors?|developers?|authors?|and)\s*$", re.IGNORECASE)
_CUE_LENGTH = 24
_THANKS = re.compile(r"acknowledge?ment|thanks|credits|contributors|authors", re.IGNORECASE)


@dataclass(slots=True)
class Entity:
    """Something named, with its mentions in reading order."""

    name: str
    sort: Sort
    mentions: list[tuple[Place, str]] = field(default_factory=list)
    """Place and the text around, of which a quote is made."""
    expansion: str = ""
    """Of an acronym, what it stands for, when the document says so."""
    role: str = ""
    """Of a person, the header field that names them."""


def entities(document: Document, read: Sequence[Passage]) -> list[Entity]:
    """All entities, those of each sort with most mentions first.

    A capitalised sequence of two to four words is a name when the document never writes any of its words small; it is
    a person's after "by", "thanks to" and the like, in a section of thanks, or when a header field says so, and an
    organisation's by its last word. No gazetteer is used, so a product may pass for a proper name only.
    """
    found: dict[tuple[Sort, str], Entity] = {}
    own = _own_reference(document)
    for name, role, place, text in _header_people(document):
        entity = found.setdefault(("person", name), Entity(name, "person", role=role))
        entity.mentions.append((place, text))
    people = {name for _, name in found}
    small = _small_words(read)
    for passage in read:
        for sentence in passage.sentences:
            for sort, name in _mentions(sentence, passage.title, small, people):
                if name != own:
                    found.setdefault((sort, name), Entity(name, sort)).mentions.append((sentence.place, sentence.text))
    cited = {name.partition(" ")[0] for sort, name in found if sort == "reference"}
    for acronym, expansion, places in expansions(read, small):
        if acronym in cited:
            continue
        found["acronym", acronym] = Entity(acronym, "acronym", places, expansion)
    return sorted(found.values(), key=lambda one: (not one.role, not one.expansion, -len(one.mentions)))


def _own_reference(document: Document) -> str:
    """The document's own number, for instance "PEP 8", which is no reference."""
    for block in document.of_kind("metadata"):
        match = re.search(r"^\s*(PEP|RFC)\s*:\s*(\d+)", block.text)
        if match:
            return f"{match.group(1)} {int(match.group(2))}"
    return ""


def _header_people(document: Document) -> Iterator[tuple[str, str, Place, str]]:
    """Name, header field, place and text of the people in the front matter."""
    for block in document.of_kind("metadata"):
        for line in re.split(r"\n(?=\S+:)", block.text):
            match = _PEOPLE_FIELDS.match(line)
            if not match:
                continue
            for part in re.split(r",|;|\n|\band\b", _MAIL.sub("", match.group(2))):
                name = " ".join(part.split())
                if _PERSON.fullmatch(name):
                    yield name, match.group(1), _line_of(name, block.place, document), name


def _line_of(name: str, place: Place, document: Document) -> Place:
    """The place narrowed to the line of the source that holds the name."""
    first = place.get("line")
    if first is None:
        return place
    for number in range(first, min(place.get("end_line", first), len(document.raw_lines)) + 1):
        if name in document.raw_lines[number - 1]:
            narrowed = place.copy()
            narrowed["line"] = narrowed["end_line"] = number
            return narrowed
    return place


def _small_words(read: Sequence[Passage]) -> frozenset[str]:
    """The words that the document writes small somewhere."""
    return frozenset(word for word in words_of(read) if word.islower())


def _mentions(sentence: Sentence, title: str, small: frozenset[str], people: set[str]) -> Iterator[tuple[Sort, str]]:
    """What one sentence names."""
    text = sentence.text
    for match in _REFERENCE.finditer(text):
        yield "reference", f"{match.group(1)} {match.group(2)}"
    for match in _CODE.finditer(text):
        if not _NO_CODE.search(match.group()) and text[match.start() - 1 : match.start()] != ".":
            yield "code_name", match.group()
    for match in _NAME.finditer(text):
        name = re.sub(r"['\u2019]s$", "", " ".join(match.group().split()).rstrip("."))
        known = next((person for person in sorted(people) if person in name), None)
        if known:
            yield "person", known
        elif _is_name(name, small):
            yield _sort_of(name, text[max(0, match.start() - _CUE_LENGTH) : match.start()], title), name


def _is_name(name: str, small: frozenset[str]) -> bool:
    """Whether a capitalised sequence is a name: no word of it is written small, none is all capitals or camel case."""
    words = name.split()
    proper = [word for word in words if word[:1].isupper()]
    if len(proper) <= 1:
        return False
    if any(re.search(r"[a-z][A-Z]|[A-Z]{2,}|^[A-Z]\d", word) for word in proper) or len(proper[-1]) <= 1:
        return False
    return not any(part.casefold() in small for word in proper for part in re.findall(r"[^\W\d_]{2,}", word))


def _sort_of(name: str, before: str, title: str) -> Sort:
    """Person, organisation or some other proper name."""
    if _ORGANISATION.search(name):
        return "organisation"
    if _CUE.search(before) or _THANKS.search(title):
        return "person"
    return "proper_name"
