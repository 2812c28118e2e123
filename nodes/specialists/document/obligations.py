"""Obligations: what a document demands, of whom, and how strongly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from langgraph_quorum.nodes.documents.model import Document
from langgraph_quorum.nodes.specialists.document.prose import reads_as_prose
from langgraph_quorum.nodes.specialists.document.section_roles import roles_of_blocks
from langgraph_quorum.nodes.specialists.document.sentences import Sentence, sentences
from langgraph_quorum.nodes.specialists.document.subjects import READER, subject_of

Strength = Literal["must", "should"]
"""The first two of RFC 2119's levels; its third, MAY, binds nobody."""

_ADVERB = (
    r"(?:(?:also|always|still|normally|generally|usually|strongly|only|really|probably|explicitly|never|not"
    r"|no longer)\s+)*"
)
_MODAL = re.compile(
    rf"""\b(?P<must>must(?:\s+not|n't)?|shall(?:\s+not|n't)?|(?:has|have)\s+to(?=\s+be\b)
    |(?:is|are)\s+{_ADVERB}(?:required|mandatory|forbidden|prohibited|disallowed|obligatory|compulsory|obliged)
    |(?:is|are)\s+not\s+(?:allowed|permitted)|(?:disallows?|forbids?|prohibits?)\b
    |(?:requires?|mandates?)\s+(?:that\b|(?=\w+ing\b)))
    |\b(?P<should>should(?:\s+not|n't)?|ought\s+(?:not\s+)?to
    |(?:is|are)\s+{_ADVERB}(?:recommended|encouraged|discouraged|advised|preferred|suggested))\b""",
    re.IGNORECASE | re.VERBOSE,
)
_NEGATIVE = re.compile(
    r"\b(?:not|n't|never|forbidden|prohibited|disallow\w*|forbids?|prohibits?|discouraged|avoid|no longer)\b|n't\b",
    re.IGNORECASE,
)
_HARD_IMPERATIVE = re.compile(
    r"(?:(?P<start>^(?:note(?: \d+)?:\s+)?|\bplease\s+)|[,;:–—]\s+)"  # noqa: RUF001 (a dash that parts clauses)
    r"(?P<lead>always|never|do not|don't|avoid|make sure|ensure|be sure)\s+(?P<verb>\w+)",
    re.IGNORECASE,
)
_NO_BASE_VERB = re.compile(
    r"(?:be|been|need|in|at|on|to|of|the|an?|is|are|was|has|have|had|would|will|could|\w+(?:ing|ed))$", re.IGNORECASE
)
_IMPERATIVE_VERBS = (
    "use|limit|surround|insert|write|keep|put|place|prefer|derive|add|remove|mention|follow|pick|choose|name|include"
    "|declare|document|design|define|separate|align|indent|start|end|begin|leave|give|provide|state|specify|set|compare"
    "|spell|append|wrap|group|order|sort|check|test|verify|report|send|submit|replace|call|pass|return|catch|raise"
    "|close|be (?:consistent|careful|sure|explicit|specific)"
)
_SOFT_IMPERATIVE = re.compile(
    r"^(?:(?:for|to|in|when|if|unless|where|with|note:?)\b[^,]{3,90},\s+(?:please\s+|then\s+)?|please\s+)?"
    rf"(?P<verb>{_IMPERATIVE_VERBS})\s+\S",
    re.IGNORECASE,
)
_EXPECTATION = re.compile(
    r"^\s*(?:(?:not|also|then|now)\s+)*be\s+(?:an?\s+)?"
    r"(?:easy|possible|able|no |problem|obvious|clear|enough|surprising|many)\b"
    r"|^\s*have been\s+(?:a|the|no)\b",
    re.IGNORECASE,
)
"""What `should` announces when it demands nothing: "it should be easy to"."""

_NORMATIVE_SHARE = 0.02
"""Share of sentences with always, never, do not, avoid: PEP 8 has 8 %, PEP 257 6 %; PEPs on an API have under 1 %."""

_OPEN_SUBJECT = re.compile(r"(?:\b(?:that|which|who|would|could|will|nothing|may|might)|\bnot)\s*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Obligation:
    """One demand."""

    sentence: Sentence
    subject: str
    """Who or what is bound, as written; `reader` for an imperative, "" when no subject was found."""
    strength: Strength
    forbids: bool
    form: Literal["modal", "imperative"]
    word: str
    """The word that makes it a demand."""
    predicate: str
    """What is demanded, up to the end of the clause."""


def obligations(document: Document) -> list[Obligation]:
    """All demands of a document, in reading order, at most two in one sentence.

    Modal verbs and their like count everywhere but in apparatus and in rejected or open sections, for what is rejected
    binds nobody. Questions and mere expectations ("should be easy") do not count. Bare imperatives ("Use 4 spaces")
    count only in a document that is normative by its own manner: at least 2 % of its sentences say always, never, do
    not or avoid. Elsewhere they describe ("Return the handle").
    """
    read = [
        sentence
        for block, role, _ in roles_of_blocks(document)
        if role in {"body", "opening"} and reads_as_prose(block)
        for sentence in sentences(block, document)
    ]
    normative = is_normative(read)
    return [found for sentence in read for found in _in_sentence(sentence, normative=normative)]


def is_normative(read: Iterable[Sentence]) -> bool:
    """Whether sentences lay down rules in the imperative, by the share that `_NORMATIVE_SHARE` explains."""
    hits = [bool(_HARD_IMPERATIVE.search(sentence.text)) for sentence in read]
    return bool(hits) and sum(hits) >= max(2, _NORMATIVE_SHARE * len(hits))


def _in_sentence(sentence: Sentence, *, normative: bool) -> list[Obligation]:
    """The demands of one sentence: those by modal verbs, else the one by an imperative."""
    text = sentence.text
    if text.rstrip("\"')").endswith("?"):
        return []
    found = list(_by_modal(sentence))
    if found:
        return found[:2]
    hard = next((match for match in _HARD_IMPERATIVE.finditer(text) if _is_command(match)), None)
    if hard and (normative or hard["start"] is not None):
        lead = hard["lead"].casefold()
        strength: Strength = "must" if lead in {"always", "never", "do not", "don't"} else "should"
        demanded = _clause(text[hard.start("verb") :])
        return [Obligation(sentence, READER, strength, bool(_NEGATIVE.search(lead)), "imperative", lead, demanded)]
    soft = _SOFT_IMPERATIVE.match(text) if normative else None
    if soft is None or re.match(r"\w+\s+of\b", text[soft.start("verb") :]):
        return []
    demanded = _clause(text[soft.start("verb") :])
    return [Obligation(sentence, READER, "should", False, "imperative", soft["verb"].casefold(), demanded)]


def _is_command(match: re.Match[str]) -> bool:
    """Whether a verb's base form follows; `avoid` and `ensure` are verbs themselves."""
    adverb = match["lead"].casefold() in {"always", "never", "do not", "don't"}
    return not (adverb and _NO_BASE_VERB.match(match["verb"]))


def _by_modal(sentence: Sentence) -> Iterator[Obligation]:
    """The demands made by a modal verb or an adjective of duty."""
    before = ""
    for match in _MODAL.finditer(sentence.text):
        ahead, rest = sentence.text[: match.start()], sentence.text[match.end() :]
        if _OPEN_SUBJECT.search(ahead) or _EXPECTATION.match(rest) or ahead.count('"') % 2 or _supposed(ahead):
            continue
        if re.match(r"\s+(?:you|we|they|it|in order)\b", rest):
            continue
        subject = subject_of(ahead)
        subject = before if not subject or _MODAL.search(subject) else subject
        before = subject
        strength: Strength = "must" if match["must"] else "should"
        forbids = bool(
            _NEGATIVE.search(match[0])
            or re.match(r"\s+(?:never|not|be avoided)\b", rest)
            or re.match(r"no(?:ne)?\b", subject, re.IGNORECASE)
        )
        yield Obligation(sentence, subject, strength, forbids, "modal", match[0].casefold(), _clause(rest))


def _supposed(ahead: str) -> bool:
    """Whether the clause before a modal makes it a supposition or somebody's question: "whether ... should"."""
    return bool(
        re.search(
            r"\b(?:whether|why|how|what|wonder|no requirement|believe|feel|argued?|suggest(?:ed|s)?)\b[^.;]*$",
            ahead,
            re.IGNORECASE,
        )
    )


def _clause(text: str) -> str:
    """The words up to the end of the clause."""
    return re.split(r"[.;:!]\s|[.;:!]$|,\s", text.strip())[0].strip()
