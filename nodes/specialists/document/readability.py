"""Readability and lexical diversity of English prose, counted without dictionaries.

textstat is not used: its English syllable counts load NLTK's CMU dictionary, which downloads itself on first use.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from langgraph_quorum.nodes.specialists.document.prose import plain_words
from langgraph_quorum.nodes.specialists.document.sentences import Sentence

_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = (
    re.compile(r"(?<=[gq])ue$"),  # unique
    re.compile(r"(?:(?<=[^aeiouyl])|(?<=[aeiouy]l))e$"),  # line, rule; not table, value
    re.compile(r"(?:(?<=[^aeiouylsxzcgh])|(?<=[aeiouy]l)|(?<=th))es$"),  # lines, rules; not tables, classes
    re.compile(r"(?:(?<=[^aeiouyltd])|(?<=[aeiouyl]l))ed$"),  # raised, called; not nested, handled
    re.compile(r"(?<=[^aeioul])e(?=ments?$|ly$|ful|ness|less)"),  # statement, purely
    re.compile(r"^(nam|whit|lin|cod|bas|typ|fil|tim)e(?=[b-df-hj-np-tv-z]..)"),  # whitespace, namespace
)
"""Endings and joints that are written but not heard; taken out before vowels are counted."""
_APART = re.compile(
    r"(?<![ctsg])ia|[ct]iat|(?<![ctsgxlnv])io(?!u)|[rvdn]ious|ium|(?<!p)eo(?!u|n$)|(?:id|ar)ea|crea(?=t)|react|seum"
    r"|(?<![ct])ie(?=n[ct]|t$)|(?<![qg])ua|(?<![qg])ue(?=n[ct])|(?<=[a-z])ying|being|seeing"
)
"""Vowels that stand together and are heard apart: variable, period, idea, create, client, actual, trying."""
_DIVERSE = 0.72


@dataclass(frozen=True, slots=True)
class Readability:
    """Counts of a stretch of prose and the formulas on them."""

    sentences: int
    words: int
    syllables_per_word: float
    """Over the plain words only: a name of code counts as a word of its sentence with the mean number of syllables."""

    @property
    def words_per_sentence(self) -> float:
        """Mean length of a sentence in words."""
        return self.words / self.sentences if self.sentences else 0.0

    @property
    def reading_ease(self) -> float:
        """Flesch (1948): 206.835 - 1.015 words/sentence - 84.6 syllables/word; 60 is plain, under 30 very difficult."""
        if not self.words:
            return 0.0
        return 206.835 - 1.015 * self.words_per_sentence - 84.6 * self.syllables_per_word

    @property
    def grade(self) -> float:
        """Kincaid et al. (1975): 0.39 words/sentence + 11.8 syllables/word - 15.59, in years of US schooling."""
        if not self.words:
            return 0.0
        return 0.39 * self.words_per_sentence + 11.8 * self.syllables_per_word - 15.59


def readability(read: Sequence[Sentence]) -> Readability:
    """Count sentences, words and syllables."""
    plain = [word for sentence in read for word in plain_words(sentence.text)]
    total = sum(syllables(word) for word in plain)
    return Readability(len(read), sum(sentence.words for sentence in read), total / len(plain) if plain else 0.0)


@lru_cache(maxsize=16384)
def syllables(word: str) -> int:
    """Syllables of an English word, estimated from its letters; an abbreviation in capitals has one per letter.

    Groups of vowels, less silent endings, plus vowels that meet without melting ("create", "period").
    """
    if word.isupper() and len(word) > 1:
        return len(word)
    parts = [part for part in re.split(r"[^a-z]+", word.casefold().replace("'", "").replace("\u2019", "")) if part]
    return max(1, sum(_of_part(part) for part in parts))


def _of_part(part: str) -> int:
    """Syllables of one unhyphenated word in lower case."""
    heard = part
    for silent in _SILENT:
        heard = silent.sub(lambda found: found.group(1) if found.re.groups else "", heard)
    return max(1, len(_VOWELS.findall(heard)) + len(_APART.findall(part)))


def lexical_diversity(words: Sequence[str]) -> float:
    """MTLD of McCarthy & Jarvis (2010): mean length in words of stretches whose type-token ratio stays above 0.72.

    The mean of a forward and a backward pass; it does not fall with the length of the text as a type-token ratio does.
    """
    folded = [word.casefold() for word in words]
    if not folded:
        return 0.0
    return round((_stretch(folded) + _stretch(folded[::-1])) / 2, 1)


def _stretch(words: Sequence[str]) -> float:
    """One pass of MTLD: words over factors, the last factor being counted in part."""
    factors = 0.0
    seen: set[str] = set()
    length = 0
    for word in words:
        seen.add(word)
        length += 1
        if len(seen) / length <= _DIVERSE:
            factors += 1
            seen.clear()
            length = 0
    if length:
        factors += (1 - len(seen) / length) / (1 - _DIVERSE)
    return len(words) / factors if factors else float(len(words))
