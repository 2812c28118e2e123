"""Action items: what somebody still has to do, or has promised, after the document is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from langgraph_quorum.nodes.documents.model import Document, Place
from langgraph_quorum.nodes.specialists.document.prose import reads_as_prose, shortened
from langgraph_quorum.nodes.specialists.document.section_roles import roles_of_blocks
from langgraph_quorum.nodes.specialists.document.sentences import Sentence, sentences

ActionForm = Literal["mark", "checkbox", "listed change", "promise", "assignment"]

_MARK = re.compile(
    r"^(?:T[O]DO|TBD|FIX[M]E|ACTION(?: ITEM)?|Action(?: item)?|To do)\s*(?:\((?P<who>[^)]+)\))?\s*[:-]\s+(?P<what>\w.+)"
)
_CHECKBOX = re.compile(r"^\[ \]\s+(?P<what>\S.+)")
_TASKS_FOLLOW = re.compile(
    r"\b(?:required changes|changes (?:required|needed)|action items|next steps|remaining (?:work|tasks)|tasks"
    r"|to[- ]do)\b[^.]*:$",
    re.IGNORECASE,
)
_DEEDS = (
    "added|removed|provided|documented|deprecated|published|released|dropped|implemented|merged|transformed|written"
    "|updated|migrated|renamed|announced|delivered|submitted|revised|completed"
)
_PROMISE = re.compile(
    rf"\b(?:will|shall)\s+(?:hopefully\s+|then\s+|also\s+|be\s+|\w+ly\s+){{0,3}}(?:{_DEEDS})\b"
    r"|\bwe (?:will|shall|plan to|intend to)\s+(?P<verb>add|remove|provide|document|deprecate|publish|release|drop"
    r"|implement|merge|transform|write|update|migrate|rename|revise|turn|make)\b"
    r"|\bwill need to (?P<duty>\w+)\b",
    re.IGNORECASE,
)
_TIME = re.compile(
    r"\b(?P<when>soon|shortly|later|in the future|tomorrow|next (?:week|month|year|release|version)|in this version"
    r"|(?:[Ii]n|[Bb]y|[Ff]rom|[Ff]or|before|until) (?:CPython |Python |version |release )?v?\d+\.\d+(?:\.\d+)?"
    r"|by (?:the end of )?(?:(?:Mon|Tues|Wednes|Thurs|Fri)day|[A-Z][a-z]+ (?:\d{1,2}|20\d\d)))",
)
_ASSIGNMENT = re.compile(
    r"^(?P<who>[A-Z][a-z]+(?: [A-Z][a-z]+)?)\s+(?:to|will|shall|must|should|is to)\s+(?P<what>[a-z]+\b.+?)"
    r"\s+(?:by|before|until)\s+(?P<when>(?:the end of )?[A-Z\d][\w .,-]{2,20})"
)
_CONDITIONAL = re.compile(r"^(?:if|when|whenever|once|after|in debug mode|by default)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to be done."""

    form: ActionForm
    who: str
    """As named, `authors` for "we", "" when nobody is."""
    what: str
    when: str
    """The time or version named, "" for none."""
    place: Place
    quote: str


def actions(document: Document) -> list[Action]:
    """Marks with a task after them, open checkboxes, lists of required changes, promises with a time, assignments."""
    found: list[Action] = []
    tasks_follow = False
    for block, role, _ in roles_of_blocks(document):
        if not reads_as_prose(block):
            tasks_follow = tasks_follow and block.kind == "code"
            continue
        read = sentences(block, document)
        if block.kind == "list_item" and tasks_follow:
            found += [_action("listed change", "", sentence.text, sentence) for sentence in read]
            continue
        tasks_follow = bool(_TASKS_FOLLOW.search(" ".join(block.text.split())))
        for sentence in read:
            found += list(_in_sentence(sentence, apparatus=role == "apparatus"))[:1]
    return found


def _in_sentence(sentence: Sentence, *, apparatus: bool) -> Iterator[Action]:
    """The ways in which a sentence can name something to be done, surest first."""
    text = sentence.text
    mark, box = _MARK.match(text), _CHECKBOX.match(text)
    if mark:
        yield _action("mark", mark["who"] or "", mark["what"], sentence)
    if box:
        yield _action("checkbox", "", box["what"], sentence)
    assigned = _ASSIGNMENT.match(text)
    if assigned:
        yield Action(
            "assignment",
            assigned["who"],
            assigned["what"],
            assigned["when"].strip(" .,"),
            sentence.place,
            shortened(text),
        )
    promise = _PROMISE.search(text)
    if promise and not apparatus and not _CONDITIONAL.match(text) and (_TIME.search(text) or promise["duty"]):
        yield _action("promise", "authors" if promise["verb"] else "", text, sentence)


def _action(form: ActionForm, who: str, what: str, sentence: Sentence) -> Action:
    """An action with the time that its words name."""
    time = _TIME.search(sentence.text)
    return Action(form, who, what, time["when"] if time else "", sentence.place, shortened(sentence.text))
