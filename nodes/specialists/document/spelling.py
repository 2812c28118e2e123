"""Words that one document spells in two ways: British and American, hyphenated and not."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from langgraph_quorum.nodes.specialists.document.prose import around, clipped, plain_words
from langgraph_quorum.nodes.specialists.document.report import Finding
from langgraph_quorum.nodes.specialists.document.sentences import Sentence

_BRITISH = (
    (re.compile(r"^(behavi|col|fav|flav|harb|hon|hum|lab|neighb|rum|endeav)our"), r"\1or"),
    (re.compile(r"([a-z]{3,})is(e[ds]?|ing|ation|ations|er|ers)$"), r"\1iz\2"),
    (re.compile(r"(anal|paral|catal)ys(e[ds]?|ing)$"), r"\1yz\2"),
    (re.compile(r"^(cent|fib|lit|met|theat)re(s?)$"), r"\1er\2"),
    (re.compile(r"^(cancel|label|model|signal|travel|level|tunnel|marshal|channel|total)l(ed|ing|er|ers)$"), r"\1\2"),
    (re.compile(r"^(def|lic|off|pret)ence(s?)$"), r"\1ense\2"),
    (re.compile(r"^(anal|catal|dial|monol|prol)ogue(s?)$"), r"\1og\2"),
    (re.compile(r"^acknowledgement(s?)$"), r"acknowledgment\1"),
    (re.compile(r"^grey(s?)$"), r"gray\1"),
)
"""Spelling rules British -> American. A pair counts only when both forms occur, so "exercise" is in no danger."""

_TOKEN = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_OPEN = re.compile(r"(?<![\w.-])([a-z]{2,}) ([a-z]{2,})(?= ([a-z]{3,})\b)")
_FOLLOWERS_THAT_END_A_PHRASE = """
and are but can does for from had has have into its may must nor not now should than that the their then this those
until was were when where which while will with without
"""
_NO_NOUN = frozenset(_FOLLOWERS_THAT_END_A_PHRASE.split())


@dataclass(frozen=True, slots=True)
class Variants:
    """The ways in which one word is written, each with the sentences it stands in, in reading order."""

    forms: dict[str, list[Sentence]]

    @property
    def rarest(self) -> str:
        """The form in the minority; of equals the later one."""
        return min(reversed(list(self.forms)), key=lambda form: len(self.forms[form]))


def variants(read: Iterable[Sentence]) -> list[Variants]:
    """The words that are written in more than one way, most frequent first.

    Args:
        read: Sentences of the document; names of code and capitalised names in them are not looked at.
    """
    sentences = list(read)
    places: dict[str, list[Sentence]] = defaultdict(list)
    for sentence in sentences:
        for index, word in enumerate(plain_words(sentence.text)):
            if not index or word.islower():
                places[word.casefold()].append(sentence)
    found = [*_dialects(places), *_hyphens(places, _open_compounds(sentences))]
    return sorted(found, key=lambda one: -sum(len(where) for where in one.forms.values()))


def findings(read: Iterable[Sentence]) -> list[Finding]:
    """One finding for each word with variants, at the first place of the form in the minority."""
    found: list[Finding] = []
    for one in variants(read):
        rare = one.rarest
        where = one.forms[rare][0]
        counts = ", ".join(f'"{form}" ({len(places)})' for form, places in one.forms.items())
        found.append(
            {
                "kind": "spelling_variant",
                "text": clipped(f"Written in {len(one.forms)} ways: {counts}."),
                "where": where.place,
                "quote": around(where.text, rare),
                "value": float(len(one.forms[rare])),
                "unit": "uses of the rarer form",
                "data": {"forms": {form: [at.place.get("line") for at in ats] for form, ats in one.forms.items()}},
            }
        )
    return found


def _dialects(places: dict[str, list[Sentence]]) -> list[Variants]:
    """Pairs such as "behaviour" and "behavior"."""
    found = []
    for word, where in places.items():
        american = word
        for pattern, replacement in _BRITISH:
            american = pattern.sub(replacement, american)
        if american != word and american in places:
            found.append(Variants({word: where, american: places[american]}))
    return found


def _open_compounds(sentences: list[Sentence]) -> dict[str, list[Sentence]]:
    """Two words before a third that they may qualify ("third party frameworks"), to compare with hyphenated ones."""
    found: dict[str, list[Sentence]] = defaultdict(list)
    for sentence in sentences:
        position = 0
        while match := _OPEN.search(sentence.text, position):
            if match.group(3) not in _NO_NOUN:
                found[f"{match.group(1)} {match.group(2)}"].append(sentence)
            position = match.end(1)
    return found


def _hyphens(places: dict[str, list[Sentence]], opened: dict[str, list[Sentence]]) -> list[Variants]:
    """Compounds with a hyphen that also occur written as one word, or as two before a noun."""
    found: dict[str, dict[str, list[Sentence]]] = {}
    for word, where in places.items():
        if not _TOKEN.fullmatch(word) or word.count("-") != 1:
            continue
        first, _, second = word.partition("-")
        if min(len(first), len(second)) <= 1:
            continue
        forms = {word: where}
        for other in _numbers(first + second):
            forms.update({other: places[other]} if other in places else {})
        for other in _numbers(f"{first} {second}"):
            forms.update({other: opened[other]} if other in opened else {})
        if len(forms) > 1:
            found.setdefault(word.rstrip("s"), forms).update(forms)
    return [Variants(forms) for forms in found.values()]


def _numbers(word: str) -> tuple[str, str]:
    """A word and its other number, singular for plural and plural for singular."""
    return (word, word[:-1]) if word.endswith("s") else (word, f"{word}s")
