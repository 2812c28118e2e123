"""The terms of a document: its words and noun-like phrases, told apart by how the document itself uses them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

_TOKEN = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*\*?|[\w.@/*+#-]+(?:\(\))?|[^\w\s]")
_WORD = re.compile(r"[^\W\d_]{2,}(?:-[^\W\d_]+)*\*?")
_JUDGING = """
able actual additional allow allowed allows also appropriate aren't available based best better call called calling
calls can't case cases certain common complete consider considered couldn't current details did didn't different
difficult document does doesn't don't done due e.g easy entire equal equivalent etc example exist existing exists
explicit extra fact following former full general get gets give given gives good got great i.e important include
includes including instead isn't it's just kind large latter let's like likely little long lot made main make makes may
mean means might must necessary need needs new non normal note number old one optional original particular pass passed
passes people pep peps point possible previous proper proposal provide provided provides raise raised raises real reason
regular related require required requires respective return returned returns right said say says second section sections
see separate set sets several shall short should shouldn't significant similar simple single small sort special specific
specification standard support supported supports sure take taken takes that's there's they're thing things third three
time times true two type unless use used useful user users uses using usual various want wants way ways we're weird
whole will won't word words work works would wouldn't you're zero
"""
_STOP = frozenset(_JUDGING.split()) | ENGLISH_STOP_WORDS
_BEFORE_NOUNS = "a an the this that these those each every any some no its their our your his"
_BEFORE_VERBS = "to must should will can may might cannot would could not n't it they you we i which who"
_DETERMINERS = frozenset(_BEFORE_NOUNS.split())
_VERB_FRAMES = frozenset(_BEFORE_VERBS.split())
_ADVERB = re.compile(r"..ly$")
_MAX_WORDS = 4


@dataclass(frozen=True, slots=True)
class Grammar:
    """What the document shows of its words: their singular forms, and which of them are never nouns in it."""

    singulars: dict[str, str]
    verbs: frozenset[str]
    nouns: frozenset[str]

    def lemma(self, word: str) -> str:
        """The word in lower case, in the singular when the document also uses that."""
        folded = word.casefold()
        return self.singulars.get(folded, folded)

    def is_term(self, word: str) -> bool:
        """Whether a word may be part of a term: no function word, adverb or judgement, no name of code."""
        folded = word.casefold()
        return bool(_WORD.fullmatch(word)) and folded not in _STOP and not _ADVERB.search(folded)

    def is_head(self, word: str) -> bool:
        """Whether a word may end a term: no verb in this document, and no participle that never has an article."""
        folded = word.casefold()
        if not self.is_term(word) or folded in self.verbs:
            return False
        return folded in self.nouns or not folded.endswith(("ing", "ed"))

    def is_opening(self, word: str) -> bool:
        """Whether a word may begin a term of several words: a term word that is no verb ("handle exception groups")."""
        return self.is_term(word) and word.casefold() not in self.verbs


def tokens(text: str) -> list[str]:
    """Words, names of code and punctuation marks, in order."""
    return _TOKEN.findall(text)


def learn(texts: Iterable[str]) -> Grammar:
    """Read the grammar off the document.

    A plural is one whose singular also occurs. A word is a verb when it follows "to", a modal, a pronoun or a negation
    more often than it follows an article or a determiner.
    """
    seen: Counter[str] = Counter()
    as_verb: Counter[str] = Counter()
    as_noun: Counter[str] = Counter()
    for text in texts:
        before = ""
        for token in tokens(text):
            word = token.casefold()
            seen[word] += 1
            as_verb[word] += before in _VERB_FRAMES
            as_noun[word] += before in _DETERMINERS
            before = word
    singulars = {word: one for word in seen if (one := _singular(word)) in seen and one != word}
    verbs = {word for word in seen if as_verb[word] > as_noun[word]}
    verbs |= {word for word in seen if not as_noun[word] and _base(word) & verbs}
    return Grammar(singulars, frozenset(verbs), frozenset(word for word in seen if as_noun[word]))


def _base(word: str) -> set[str]:
    """The infinitives that an inflected verb may have by its spelling."""
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending):
            stem = word.removesuffix(ending)
            return {stem, f"{stem}e"}
    return set()


def _singular(word: str) -> str:
    """The singular that a plural would have by its spelling; the word itself when it cannot be one."""
    if len(word) <= 3 or word.endswith(("ss", "us", "is")):  # noqa: PLR2004
        return word
    if word.endswith("ies"):
        return f"{word[:-3]}y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    return word.removesuffix("s")


def phrases(text: str, grammar: Grammar) -> Iterator[tuple[str, str]]:
    """Every candidate term of a sentence: one to four term words in a row that end in a head.

    Yields:
        The phrase in lemmas, and the words as they stand in the text parted by single blanks.
    """
    for run in _runs(text, grammar):
        for start in range(len(run)):
            for end in range(start + 1, min(start + _MAX_WORDS, len(run)) + 1):
                if grammar.is_head(run[end - 1]) and grammar.is_opening(run[start]):
                    words = run[start:end]
                    yield " ".join(grammar.lemma(word) for word in words), " ".join(words)


def _runs(text: str, grammar: Grammar) -> Iterator[Sequence[str]]:
    """The longest stretches of term words in a sentence."""
    run: list[str] = []
    for token in tokens(text):
        if grammar.is_term(token):
            run.append(token)
        else:
            if run:
                yield run
            run = []
    if run:
        yield run
