"""How a sentence is built: passive voice, subordinate clauses, hedges and direct address."""

from __future__ import annotations

import re

from langgraph_quorum.nodes.specialists.document.prose import plain_words
from langgraph_quorum.nodes.specialists.document.sentences import Sentence

_IRREGULAR = """
begun bent bound bought broken brought built caught chosen come cut dealt done drawn driven felt forbidden forgotten
forgiven found frozen given gone grown held hidden hit hurt kept known laid led left lent lost made meant met overridden
overwritten paid proven put read rebuilt redone rewritten run said seen sent set shown shut sold spent split spread
spun stolen struck stuck sworn taken taught thought thrown told torn understood undone withdrawn won worn wound written
"""
_ADJECTIVES = """
advanced aged complicated concerned detailed dedicated experienced interested involved limited mixed outdated related
sophisticated supposed tired unchanged undocumented unrelated used unused varied
"""
_BE = r"\b(?:am|is|are|was|were|be|been|being|isn't|aren't|wasn't|weren't)\b"
_BETWEEN = r"(?:\s+(?:not|also|only|always|never|often|usually|then|now|still|just|being|\w+ly))*"
_PARTICIPLE = rf"\s+((?:[a-z-]*[a-z]{{2}}ed)|{'|'.join(_IRREGULAR.split())})\b"
_PASSIVE = re.compile(rf"{_BE}{_BETWEEN}{_PARTICIPLE}(?!-)", re.IGNORECASE)
_AGENT = re.compile(r"\s+by\s+(?!(?:default|itself|hand|name|\w+ing)\b)\w", re.IGNORECASE)
_STATES = frozenset({"accompanied", "caused", "followed", "preceded", "replaced", "separated", "surrounded"})
"""With "by" these say where something stands or what it becomes, not who acts."""
_NOT_PARTICIPLES = frozenset((*_ADJECTIVES.split(), "need", "indeed", "speed", "embed", "exceed", "proceed"))

_SUBORDINATORS = """
that which who whom whose because although though unless until whereas while since when whenever where wherever whether
if so-that once as after before lest
"""
_CLAUSE = re.compile(rf"\b(?:{'|'.join(_SUBORDINATORS.split())})\b|;|(?<!\S)\(|\s--?\s", re.IGNORECASE)

_HEDGES = """
apparently arguably essentially generally hopefully largely likely maybe mostly normally often partly perhaps possibly
presumably probably quite rather roughly seem seems sometimes somewhat typically usually
"""
_HEDGE = frozenset(_HEDGES.split())
_YOU = frozenset({"you", "your", "yours", "yourself", "you're", "you'll", "you've", "you'd"})


def runs(sentence: Sentence) -> bool:
    """Whether a sentence is running text: at least half its words are plain and in lower case.

    Lists of names, signatures and addresses are not; readability formulas say nothing about them.
    """
    lower = sum(1 for index, word in enumerate(plain_words(sentence.text)) if word.islower() or not index)
    return lower > 1 and 2 * lower >= sentence.words


def passives(text: str) -> list[tuple[str, bool]]:
    """Each passive verb of a sentence, as it stands, and whether its agent follows ("is recognized by the compiler").

    A form of "to be" and a past participle, with at most adverbs between; participles that have become adjectives
    ("is related") are left out.
    """
    verbs = (match for match in _PASSIVE.finditer(text) if match.group(1).casefold() not in _NOT_PARTICIPLES)
    return [
        (match.group(), bool(_AGENT.match(text, match.end())) and match.group(1).casefold() not in _STATES)
        for match in verbs
    ]


def clause_marks(text: str) -> int:
    """Count of what opens a subordinate clause or an aside: conjunctions, relative pronouns, brackets, dashes."""
    return len(_CLAUSE.findall(text))


def hedges(text: str) -> list[str]:
    """The words by which the author qualifies a statement; "may" is none, for in a specification it permits."""
    return [word.casefold() for word in plain_words(text) if word.casefold() in _HEDGE]


def addresses_reader(text: str) -> bool:
    """Whether a sentence speaks to the reader as "you"."""
    return any(word.casefold().replace("\u2019", "'") in _YOU for word in plain_words(text))
