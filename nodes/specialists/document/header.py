"""The header of a document: its named fields, each where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass

from langgraph_quorum.nodes.documents.model import Document, Place
from langgraph_quorum.nodes.specialists.document.prose import shortened
from langgraph_quorum.nodes.specialists.document.quoting import folded

_FIELD = re.compile(r"\s*:?(\w[\w .-]{0,39}?):(?:\s+|$)(.*)")
_PERSON = re.compile(
    r"(?P<name>[^\W\d_][^<>@,;()]*?)\s*(?:[<(]\s*(?P<mail>[^\s<>()]+(?:@| at )[^\s<>()]+)\s*[>)])?\s*$"
)

ROLES: dict[str, str] = {
    "author": "author",
    "authors": "author",
    "editor": "editor",
    "sponsor": "sponsor",
    "bdfl-delegate": "decides",
    "pep-delegate": "decides",
    "delegate": "decides",
    "approver": "decides",
    "decider": "decides",
    "deciders": "decides",
    "owner": "responsible",
    "maintainer": "responsible",
    "reviewer": "reviewer",
    "reviewers": "reviewer",
}
"""Fields that name people, with what they do."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a header."""

    name: str
    value: str
    """White space folded."""
    place: Place
    quote: str
    """The field as it stands, for findings."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody named in the header."""

    name: str
    mail: str
    role: str
    field: Field


def header_fields(document: Document) -> list[Field]:
    """The fields of all front matter, in reading order; lines without a name go on with the field above them."""
    found: list[Field] = []
    for block in document.of_kind("metadata"):
        names: list[tuple[str, list[str]]] = []
        for line in block.text.splitlines():
            field = _FIELD.match(line)
            if field and not line[:1].isspace():
                names.append((field[1].strip(), [field[2]]))
            elif names:
                names[-1][1].append(line)
        for name, lines in names:
            value = folded(" ".join(lines))
            found.append(Field(name, value, block.place, shortened(f"{name}: {value}" if value else f"{name}:")))
    return found


def field_named(fields: list[Field], *names: str) -> Field | None:
    """The first field with one of these names, whatever their case."""
    wanted = {name.casefold() for name in names}
    return next((field for field in fields if field.name.casefold() in wanted), None)


def people(fields: list[Field]) -> list[Person]:
    """Everybody that the header names, with their role, in its order."""
    found: list[Person] = []
    for field in fields:
        role = ROLES.get(field.name.casefold())
        for entry in re.split(r"[,;]\s*|\s+and\s+", field.value) if role else ():
            person = _PERSON.match(entry.strip(" []\"'"))
            if role and person:
                found.append(Person(person["name"].strip(), person["mail"] or "", role, field))
    return found


def own_name(fields: list[Field]) -> str:
    """What the document calls itself in prose, for instance `PEP 492`; "" when its header does not say."""
    for field in fields:
        if re.fullmatch(r"[A-Z]{2,6}", field.name) and re.fullmatch(r"\d+", field.value):
            return f"{field.name} {field.value}"
    return ""
