"""The subject of a clause, found in the words before its verb."""

from __future__ import annotations

import re

_STRONG_BREAK = re.compile(
    r"[;:–—]\s|\s--?\s|(?<!i\.e)(?<!e\.g)(?<!etc)\.\s|,\s(?:but|although|whereas|so|since|because|while)\b"  # noqa: RUF001
    r"|\b(?:so|because|since|although|but|whereas)\b|\b(?:note|mandates?|important|means?|guarantees?)\s+that\b",
    re.IGNORECASE,
)
_INTRODUCTION = re.compile(r"(?:for|in|when|if|to|with|even|unless|where|after|before|on|by|at|as)\b", re.IGNORECASE)
_ASIDE = re.compile(r"\s*\([^()]*\)")
_LEADING = re.compile(
    r"^(?:and|or|also|then|thus|therefore|however|furthermore|in particular|accordingly|hence|note that|if|even|both"
    r")\b\s*",
    re.IGNORECASE,
)
_FINITE = re.compile(r"\s(?:is|are|was|were|can|will|may|has|have)\s|\s(?:and|or)$")
_ARTICLES = frozenset(
    {
        "the",
        "a",
        "an",
        "all",
        "any",
        "each",
        "every",
        "either",
        "both",
        "its",
        "your",
        "such",
        "our",
        "other",
        "no",
        "this",
    }
)
_HEAD_ENDS = re.compile(
    r",?\s+(?:of|in|for|with|from|to|on|by|at|as|like|that|which|who|where|is|are|was|exported|used|designed|such)\b"
)
_LONGEST_SUBJECT = 14
READER = "reader"
"""The subject of an imperative."""
_PRONOUNS = frozenset(
    {
        "it",
        "they",
        "this",
        "these",
        "those",
        "he",
        "she",
        "we",
        "you",
        "i",
        "there",
        "one",
        "such",
        "given",
        "following",
    }
)


def subject_of(ahead: str) -> str:
    """The subject in the words before a modal verb: the last clause, freed of brackets and openers.

    A list whose last member follows `and` is kept whole; a clause that has its verb already ("X is old and should")
    gives what stands before that verb.
    """
    tail = _STRONG_BREAK.split(_ASIDE.sub("", ahead))[-1].strip()
    parts = [part.strip() for part in tail.split(",")]
    listed = len(parts) > 1 and re.match(r"(?:and|or|etc\.?)\b", parts[-1]) and not _INTRODUCTION.match(parts[0])
    clause = tail if listed else parts[-1]
    if re.search(r"\b(?:and|or)$", clause):
        clause = _FINITE.split(clause)[0]
    while (shorter := _LEADING.sub("", clause)) != clause:
        clause = shorter
    words = clause.strip(" \"'()[]*,").split()
    return " ".join(words) if len(words) <= _LONGEST_SUBJECT else ""


def bound_party(subject: str) -> str:
    """The subject in a form that can be counted: its head before any `of`, `in` or relative clause, lower case.

    Pronouns give "", for who they are is not told here; so does the reader whom an imperative addresses.
    """
    head = _HEAD_ENDS.split(subject)[0]
    words = [word for word in head.casefold().split() if word not in _ARTICLES]
    known = words and words[-1] not in _PRONOUNS and subject != READER
    return " ".join(words[-3:]) if known else ""
