"""Decisions: what was accepted, rejected or settled, about which matter, by whom and when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from langgraph_quorum.nodes.documents.model import Document, Place
from langgraph_quorum.nodes.specialists.document.dates import dates
from langgraph_quorum.nodes.specialists.document.header import Field, header_fields, own_name
from langgraph_quorum.nodes.specialists.document.prose import reads_as_prose, shortened
from langgraph_quorum.nodes.specialists.document.section_roles import roles_of_blocks
from langgraph_quorum.nodes.specialists.document.sentences import sentences

Outcome = Literal["accepted", "rejected", "decided"]
Matter = Literal["this document", "another document", "design"]

_AGENT = re.compile(r"\bby (?P<who>(?:the )?[A-Z][\w.'-]*(?: (?:van |von |de )?[A-Z][\w.'-]*)*)")
_DOCUMENT = re.compile(r"\b[A-Z]{2,5} ?\d+\b")
_PROPOSAL = (
    r"(?:PEP(?:\s\d+)?|RFC(?:\s\d+)?|(?:\w+\s){0,3}(?:proposals?|options?|ideas?|approach(?:es)?|alternatives?|suggestions?"
    r"|syntax|change|design|motion|amendment|plan|budget|offer|variant|specification|document))"
)
_VERDICT = re.compile(
    rf"\b(?:this|it|{_PROPOSAL}[^.;,]{{0,40}}?)\s(?:was|were|is|are|has been|have been)\s+(?:\w+ly\s+|now\s+|also\s+)?"
    r"(?:accepted|approved|adopted|ratified|rejected|withdrawn|dropped|abandoned|declined|superseded|ruled out"
    r"|turned down)\b",
    re.IGNORECASE,
)
_APPOSED = re.compile(
    r"\b[A-Z]{2,5} ?\d+,?\s+(?:now\s+|while\s+|which was\s+)*(?:rejected|accepted|withdrawn|superseded)\b"
    r"|\b[Tt]he (?:acceptance|rejection|withdrawal) of\b"
)
_WE = re.compile(
    r"\b(?:we|I|they|the (?:committee|council|board|team|group|authors?))\s+"
    r"(?:(?:have|has|then|eventually|therefore|also|finally)\s+)*"
    r"(?:decided|agreed|chose|concluded|resolved|settled|opted|rejected|accepted|approved|dropped|ruled out)\b"
    r"|\b(?:eventually|finally) decided\b",
    re.IGNORECASE,
)
_IT_WAS = re.compile(
    r"\bit\s+(?:was|is|has been)\s+(?:(?:then|finally|therefore)\s+)?(?:decided|agreed|resolved|deemed)\b"
    r"|\b(?:has|have)\s+been\s+(?:decided|agreed|settled)\b",
    re.IGNORECASE,
)
_NO_DECISION = re.compile(
    r"\b(?:if|whether|until|unless|once|when|should|to be|not yet|yet to be|will be|would be|can be|may be)\b[^,.;]*$",
    re.IGNORECASE,
)
_REJECTING = re.compile(r"reject|withdr|drop|abandon|declin|ruled out|turned down|superseded", re.IGNORECASE)
_ACCEPTING = re.compile(r"accept|approv|adopt|ratif", re.IGNORECASE)
STATUS_FIELDS = ("status", "state", "resolution", "decision", "superseded-by", "replaces", "obsoletes", "updates")


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision stated in the prose."""

    outcome: Outcome
    about: Matter
    who: str
    """As the sentence names them after `by`, or `authors` for "we"; "" when it does not say."""
    when: str
    """ISO date named in the sentence, or ""."""
    place: Place
    quote: str


def decisions(document: Document) -> list[Decision]:
    """The decisions that the prose states as taken, in reading order, one for a sentence.

    `accepted` and `rejected` count only of proposals and documents: a socket or a request may be accepted too, and
    conditions, questions and plans are no decisions.
    """
    fields = header_fields(document)
    dated = {
        (mention.quote, mention.place.get("line")): mention.iso for mention in dates(document) if not mention.field
    }
    found = []
    for block, role, _ in roles_of_blocks(document):
        if role == "open" or not reads_as_prose(block):
            continue
        for sentence in sentences(block, document):
            verb = _decided(sentence.text)
            if verb is None:
                continue
            quote = shortened(sentence.text)
            when = dated.get((quote, sentence.place.get("line")), "")
            found.append(
                Decision(
                    _outcome(verb),
                    _matter(sentence.text, verb, own_name(fields)),
                    _who(sentence.text),
                    when,
                    sentence.place,
                    quote,
                )
            )
    return found


def status_fields(document: Document) -> list[Field]:
    """The header fields that state a decision or a standing."""
    return [field for field in header_fields(document) if field.name.casefold() in STATUS_FIELDS and field.value]


def _decided(text: str) -> re.Match[str] | None:
    """The words by which a sentence states that something was decided."""
    if text.rstrip("\"')").endswith("?"):
        return None
    for pattern in (_VERDICT, _APPOSED, _WE, _IT_WAS):
        match = pattern.search(text)
        if match and not _NO_DECISION.search(text[: match.end()]):
            return match
    return None


def _outcome(match: re.Match[str]) -> Outcome:
    """The outcome that the matched words name."""
    if _REJECTING.search(match[0]):
        return "rejected"
    return "accepted" if _ACCEPTING.search(match[0]) else "decided"


def _matter(text: str, match: re.Match[str], own: str) -> Matter:
    """What was decided on: documents are known by their number, the rest is design."""
    if _outcome(match) == "decided":
        return "design"
    around = text[: match.end() + 20]
    if own and re.search(rf"\b{re.escape(own)}\b", around):
        return "this document"
    return "another document" if _DOCUMENT.search(around) else "design"


def _who(text: str) -> str:
    """Who decided."""
    agent = _AGENT.search(text)
    if agent:
        return agent["who"].rstrip(".")
    return "authors" if re.search(r"\b(?:we|our)\b", text, re.IGNORECASE) else ""
