"""The valence of a sentence: VADER's lexicon, with the words neutralised that mean something else in technical text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

NEUTRAL_IN_TECHNICAL_TEXT: dict[str, str] = {
    "what programs do, and names of language constructs: VADER was fitted on social media, where they are feelings": """
        abort aborted active alert argument arguments attack attacks avoid avoided avoiding avoids await awaited
        block blocked blocking blocks cancel canceled canceling cancelled cancelling cancels collides collision
        collisions conflict conflicts create created creates creating creation dead default delay delayed determined
        disabled disabling discard discarded discarding dynamic empty error errors escaping exception exceptions
        exclusion expand expose exposed exposes extend extends fail failed fails failure failures false fatal freeze
        greeting guarantee hide ignore ignored ignores ignoring interrupt join kill killed kills lazy lock locked
        lowercase missing number orphan outgoing panic pause paused play protected ready resolve resolved resolving
        restore restores rich save secure security sentence sentences share shared shares sharing stop stopped
        stopping stops strong succeed success successful successfully suspend suspended top trap true valid validate
        validates validating value valued values vulnerable warning warnings weak xp
    """,
    "the formal words of a specification: a status, a rule or a topic, and no attitude of the author": """
        abstract accept acceptance accepted accepting accepts adopt adopted allow allowed allows care certain
        certainly commitment committed discouraged encouraged exempt freedom hand heart important increase
        insignificant interest interested kind leave limited low lower lowest mandatory matter motivated motivation
        natural negative original parties party positive prevent prevented prevents progress recommended recommends
        reject rejected rejects respective respectively retained significant special successive support supported
        supporting supports treat treated trivial unsupported vision want wish
    """,
    "function words and manners: `like` compares, `perfectly` strengthens, `sure` checks, `no` counts to zero": """
        ensure ensures fine like no okay perfectly please pretend pretending sure well
    """,
}
"""Reason -> words that add nothing to the valence of a sentence in a technical document."""

_CODE = re.compile(r"[_(){}\[\]=<>`@/\\]|\w\.\w|\d|[a-z][A-Z]")
_SMILEY = re.compile(r"[:;]-?[()DP]")
_EDGES = ".,:;!?\"'()[]*"


@dataclass(frozen=True, slots=True)
class Valence:
    """How positive or negative a sentence is."""

    compound: float
    """VADER's normalised sum, from -1 to 1."""
    words: tuple[str, ...]
    """The words of the sentence that carry it, in reading order; none when the compound is 0 for want of them."""

    @property
    def leading_words(self) -> tuple[str, ...]:
        """Those words whose own valence has the sign of the sentence; none where it only turns round what they say."""
        lexicon = analyser().lexicon
        return tuple(word for word in self.words if lexicon[word] * self.compound > 0)


@cache
def analyser() -> SentimentIntensityAnalyzer:
    """VADER with its packaged lexicon, the technical words set to zero; nothing changes it after it is built.

    They are set to zero, not removed: VADER keeps counting "no" as the negation of a following lexicon word.
    """
    vader = SentimentIntensityAnalyzer()
    for words in NEUTRAL_IN_TECHNICAL_TEXT.values():
        vader.lexicon.update(dict.fromkeys(words.split(), 0.0))
    return vader


def valence(text: str) -> Valence:
    """Score one sentence.

    Names are masked before: tokens of code, single letters, and capitalised words after the first ("Rob Cliffe" is no
    robbery), since VADER folds the case of every word.
    """
    vader = analyser()
    tokens = [_masked(token, index) for index, token in enumerate(text.split())]
    carriers = [word for word in (token.strip(_EDGES).lower() for token in tokens) if vader.lexicon.get(word)]
    return Valence(float(vader.polarity_scores(" ".join(tokens))["compound"]), tuple(carriers))


def _masked(token: str, index: int) -> str:
    """The token, or "it" when it is a name rather than a word."""
    if _SMILEY.fullmatch(token):
        return token
    bare = token.strip(_EDGES)
    if len(bare) <= 1 and bare.lower() not in {"a", "i"}:
        return "it"
    if _CODE.search(bare):
        return "it"
    return "it" if index and bare.istitle() else token
