"""Where a document does not agree with itself: names, numbers, dates, terms, heading styles, demands."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import pairwise

from langgraph_quorum.nodes.documents.model import PROSE, Document
from langgraph_quorum.nodes.specialists.document.dates import DateMention, dates
from langgraph_quorum.nodes.specialists.document.decisions import decisions
from langgraph_quorum.nodes.specialists.document.faults import fault, with_data
from langgraph_quorum.nodes.specialists.document.obligations import Obligation, obligations
from langgraph_quorum.nodes.specialists.document.report import Finding
from langgraph_quorum.nodes.specialists.document.section_roles import roles_of_blocks
from langgraph_quorum.nodes.specialists.document.sentences import Sentence, sentences
from langgraph_quorum.nodes.specialists.document.subjects import bound_party

_TERM_ENDS = r"[\"”]?(?=[.,;:)]|\s(?:in|that|which|and|by|to|for)\b)"
_DEFINING = re.compile(
    rf"\b(?:is|are) (?:called|known as|termed) (?:an? |the )?[\"“]?(?P<called>[\w][\w -]{{2,35}}?){_TERM_ENDS}"
    r"|\bwe (?:will )?(?:call|use the (?:word|term)) (?:this |it |them )?(?:an? |the )?[\"“]?"
    rf"(?P<ours>[\w][\w -]{{2,35}}?){_TERM_ENDS}"
)
_CONDITION = re.compile(
    r"\b(?:if|when|while|unless|until|after|before|except|only|in|for)\b.*",
    re.IGNORECASE,
)
_PREDICATE_WORDS = 5


def inconsistencies(document: Document) -> list[Finding]:
    """All of them, one finding each."""
    return [
        *_date_order(document),
        *_contradictions(obligations(document)),
        *_defined_twice(document),
    ]


def _date_order(document: Document) -> list[Finding]:
    """Dates of the header that run backwards, and decisions dated before the start or before the last posting."""
    mentions = dates(document)
    created = next((one for one in mentions if one.meaning == "created" and one.precision == "day"), None)
    posted = [one for one in mentions if one.field.casefold() == "post-history"]
    found = []
    for before, after in pairwise(posted):
        if after.iso < before.iso:
            found.append(_disorder(after, f"{after.field} goes back from {before.iso} to {after.iso}."))
    if created and posted and posted[0].iso < created.iso:
        found.append(_disorder(posted[0], f"Posted on {posted[0].iso}, before its creation on {created.iso}."))
    for decision in decisions(document):
        if decision.about != "this document" or not decision.when:
            continue
        if created and decision.when < created.iso:
            text = f"{decision.outcome.capitalize()} on {decision.when}, before its creation on {created.iso}."
            found.append(fault("dates_disagree", text, decision.place, "warning", decision.quote))
        if posted and posted[-1].iso > decision.when:
            text = f"{decision.outcome.capitalize()} on {decision.when}, but posted for discussion on {posted[-1].iso}."
            found.append(fault("dates_disagree", text, decision.place, "info", decision.quote))
    return found


def _disorder(mention: DateMention, text: str) -> Finding:
    """Dates that run backwards."""
    return fault("dates_disagree", text, mention.place, "warning", mention.quote)


def _contradictions(demands: list[Obligation]) -> list[Finding]:
    """The same subject bound to do and not to do the same thing, in the same words."""
    said: dict[tuple[str, str], Obligation] = {}
    found = []
    for one in demands:
        words = re.findall(r"\w+", re.sub(r"\b(?:not|never|always|also|normally|only)\b", "", one.predicate.casefold()))
        key = (bound_party(one.subject) or one.subject.casefold(), " ".join(words[:_PREDICATE_WORDS]))
        if len(words) < 2 or not key[0]:  # noqa: PLR2004
            continue
        other = said.setdefault(key, one)
        same_condition = _condition(other) == _condition(one)
        if other.forbids != one.forbids and other.form == one.form == "modal" and same_condition:
            line = other.sentence.place.get("line")
            text = f"Contradicts {f'line {line}' if line else 'an earlier demand'}: {one.sentence.text}"
            finding = fault("contradiction", text, one.sentence.place, "warning", one.sentence.text)
            found.append(with_data(finding, against=other.sentence.text[:300], line=line))
    return found


def _condition(one: Obligation) -> str:
    """The clause that limits a demand ("when ...", "only ..."): demands under different ones do not contradict."""
    match = _CONDITION.search(one.sentence.text)
    return match[0].casefold() if match else ""


def _defined_twice(document: Document) -> list[Finding]:
    """Terms that sentences of two sections define in so many words."""
    defined: dict[str, list[Sentence]] = defaultdict(list)
    for block, role, _ in roles_of_blocks(document):
        if block.kind not in PROSE or role == "apparatus":
            continue
        for sentence in sentences(block, document):
            for match in _DEFINING.finditer(sentence.text):
                defined[(match["called"] or match["ours"]).casefold()].append(sentence)
    found = []
    for term, places in defined.items():
        if len({sentence.place["section"] for sentence in places}) > 1 and len({one.text for one in places}) > 1:
            again = places[1]
            text = f"“{term}” is defined again; first on line {places[0].place.get('line', '?')}: {again.text}"
            finding = fault("defined_twice", text, again.place, "info", again.text)
            found.append(with_data(finding, term=term, lines=[one.place.get("line") for one in places]))
    return found
