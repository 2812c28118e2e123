"""Dates in a document, each with what happened or is due then."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dateutil import parser

from langgraph_quorum.nodes.documents.model import PROSE, Document, Place
from langgraph_quorum.nodes.specialists.document.header import Field, header_fields
from langgraph_quorum.nodes.specialists.document.prose import shortened
from langgraph_quorum.nodes.specialists.document.sentences import sentences

Precision = Literal["day", "month"]

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_YEAR = r"(?:19|20)\d\d"
_DAY = r"(?:[12]\d|3[01]|0?[1-9])(?:st|nd|rd|th)?"
_CANDIDATE = re.compile(
    rf"(?<![\w/.-])(?:(?P<iso>{_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(?:T[\d:.+Z-]+)?"
    rf"|(?P<day_first>{_DAY}(?:[ -]|\s+of\s+){_MONTH}[ ,-]+{_YEAR})"
    rf"|(?P<month_first>{_MONTH}\s+{_DAY},?\s+{_YEAR})"
    rf"|(?P<month>{_MONTH},?\s+{_YEAR}))(?![\w/-])"
)
_MEANINGS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("accepted", re.compile(r"\b(?:accept(?:ed|ance)|approved|ratified)\b", re.IGNORECASE)),
    ("rejected", re.compile(r"\b(?:rejected|withdrawn|abandoned)\b", re.IGNORECASE)),
    ("committed", re.compile(r"\b(?:committed|merged|checked in(?:to)?|landed)\b", re.IGNORECASE)),
    ("released", re.compile(r"\b(?:releas(?:ed?|ing)|shipped|published)\b", re.IGNORECASE)),
    ("due", re.compile(r"\b(?:due|deadline|no later than|by the end of|until|will)\b", re.IGNORECASE)),
    ("discussed", re.compile(r"\b(?:discuss(?:ed|ions?)|meeting|posted|thread|list)\b", re.IGNORECASE)),
)
_FIELD_MEANINGS: dict[str, str] = {
    "created": "created",
    "date": "dated",
    "post-history": "posted for discussion",
    "last-modified": "last changed",
    "updated": "last changed",
    "modified": "last changed",
    "resolution": "decided",
    "published": "released",
    "due": "due",
    "deadline": "due",
    "expires": "expires",
}


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date that the document names."""

    iso: str
    """`2021-09-24`, or `2021-09` when only the month is named."""
    precision: Precision
    meaning: str
    place: Place
    quote: str
    field: str = ""
    """Name of the header field, "" in prose."""


def dates(document: Document) -> list[DateMention]:
    """All dates of the header and of the prose, in reading order. Code, tables and addresses are not searched."""
    found = [mention for field in header_fields(document) for mention in _in_field(field)]
    for block in document.blocks:
        if block.kind not in PROSE or not _CANDIDATE.search(block.text):
            continue
        for sentence in sentences(block, document):
            found += [
                DateMention(iso, precision, _meaning(sentence.text, at), sentence.place, shortened(sentence.text))
                for iso, precision, at in _dates_in(sentence.text)
            ]
    return found


def _in_field(field: Field) -> Iterator[DateMention]:
    """The dates of one header field; the words of the field decide what they mean."""
    meaning = _FIELD_MEANINGS.get(field.name.casefold(), field.name.casefold().replace("-", " "))
    for iso, precision, _ in _dates_in(field.value):
        yield DateMention(iso, precision, meaning, field.place, field.quote, field.name)


def _dates_in(text: str) -> Iterator[tuple[str, Precision, int]]:
    """ISO form, precision and position of each date in a text; what dateutil cannot read is no date."""
    for match in _CANDIDATE.finditer(text):
        try:
            read = parser.parse((match["iso"] or match[0]).replace(" of ", " "), default=datetime(2000, 1, 1))  # noqa: DTZ001 (days have no zone)
        except (ValueError, OverflowError):
            continue
        precision: Precision = "month" if match["month"] else "day"
        yield read.strftime("%Y-%m" if precision == "month" else "%Y-%m-%d"), precision, match.start()


def _meaning(sentence: str, at: int) -> str:
    """What happened on a date: the telling word nearest to it in its sentence, "mentioned" when there is none."""
    distances = [
        (min(abs(word.start() - at) for word in words), meaning)
        for meaning, pattern in _MEANINGS
        if (words := list(pattern.finditer(sentence)))
    ]
    return min(distances)[1] if distances else "mentioned"
