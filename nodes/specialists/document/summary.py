"""A summary made of the document's own sentences, and one key sentence for each major section."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from langgraph_quorum.nodes.documents.model import Document
from langgraph_quorum.nodes.specialists.document.centrality import Matrix, diverse, lexrank, similarities
from langgraph_quorum.nodes.specialists.document.outline import major_level
from langgraph_quorum.nodes.specialists.document.prose import (
    english_share,
    language_factor,
    passages,
    plain_words,
    ratio,
    reads_as_prose,
    shortened,
)
from langgraph_quorum.nodes.specialists.document.purpose import says_purpose
from langgraph_quorum.nodes.specialists.document.quoting import one_line
from langgraph_quorum.nodes.specialists.document.report import Finding, Report, sample_confidence
from langgraph_quorum.nodes.specialists.document.section_roles import SectionRole, roles_of_blocks
from langgraph_quorum.nodes.specialists.document.sentences import Sentence, sentences

_LEANS_ON_CONTEXT = re.compile(
    r"^(?:however|but|and|or|so|thus|therefore|hence|moreover|furthermore|also|otherwise|instead|then|finally"
    r"|for example|for instance|e\.g|i\.e"
    r"|in this case|in particular|note|this|these|those|they|it|he|she|such|here|there|both|its|their|if"
    r"|please|see"
    r"|as (?:mentioned|shown|described)|of course|again|similarly|likewise|nevertheless|\()\b",
    re.IGNORECASE,
)
_TELLING = re.compile(
    r"\b(?:key|important(?:ly)?|main|primar(?:y|ily)|central|essential|fundamental|crucial(?:ly)?|in short|in summary"
    r"|the (?:ultimate )?goal)\b",
    re.IGNORECASE,
)
_SHORTEST, _LONGEST = 5, 60
_LEAST, _MOST = 3, 7
_WEIGHTS = {"centrality": 0.35, "location": 0.25, "cue": 0.25, "title": 0.15}
_SENTENCES_FOR_RANKS = 30
_HEADLINE = 200


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that a summary may use."""

    sentence: Sentence
    role: SectionRole
    major: str
    """Title of the major section, "" before the first."""
    index: int
    """Its number in the major section, from 0."""
    leads: bool
    """Whether it opens its paragraph."""


def analyse(document: Document) -> Report:
    """Choose the sentences that stand for the document, in its own order.

    Each sentence is scored after Edmundson ("New Methods in Automatic Extracting", JACM 16, 1969) with weighted sums
    of centrality (LexRank, 0.35), location (opening sections and first sentences, 0.25), cue (it says what the
    document is for, or that something is important, 0.25) and title (cosine to the title, 0.15). Sentences that lean
    on the one before ("However", "They") lose 40 %, those that only announce what follows 20 %. Maximal marginal
    relevance then picks 0.8 times log2 of the count of candidates, 3 to 7.
    Headings, code, tables, apparatus, questions and fragments under 5 words are never chosen.

    Coverage is the share of the words of its material, the sentences of 5 words and more outside the apparatus that
    ask nothing, which stand in sentences that could be chosen. Confidence is `sample_confidence` of the candidates,
    where 30 are enough for ranks to mean something. Both are lowered by up to 0.6 for text that is not English, since
    cue (0.25) and the stop words of centrality (0.35) are.
    """
    found, words, readable = candidates(document)
    factor = _language_factor(document)
    if not found:
        return _nothing(document, words)
    similarity = similarities([one.sentence.text for one in found])
    central = lexrank(similarity)
    scores = _scores(document, found, central)
    length = min(len(found), max(_LEAST, min(_MOST, round(0.8 * math.log2(len(found))))))
    chosen = sorted(diverse(scores, similarity, length))
    best = max(chosen, key=lambda index: (scores[index], -index))
    return {
        "headline": one_line(found[best].sentence.text, _HEADLINE),
        "findings": [
            *(_summary_finding(found[index], scores[index], place + 1) for place, index in enumerate(chosen)),
            *_key_sentences(found, central),
        ],
        "measures": _measures(found, chosen, similarity, words),
        "coverage": round(factor * ratio(sum(one.sentence.words for one in found), readable), 3),
        "confidence": round(factor * sample_confidence(len(found), _SENTENCES_FOR_RANKS), 3),
    }


def _language_factor(document: Document) -> float:
    """The share of the score that holds in the document's language: all of it in English."""
    english = _WEIGHTS["cue"] + _WEIGHTS["centrality"]
    return 1 - english * (1 - language_factor(english_share(passages(document))))


def candidates(document: Document) -> tuple[list[Candidate], int, int]:
    """The sentences a summary may use, the count of words of all prose, and of those sentences it looks among."""
    level = major_level(document)
    found: list[Candidate] = []
    counts: dict[str, int] = defaultdict(int)
    major, words, readable = "", 0, 0
    for block, role, _ in roles_of_blocks(document):
        if block.kind == "heading" and level is not None and block.level <= level:
            major = block.text
        if not reads_as_prose(block):
            continue
        for number, sentence in enumerate(sentences(block, document)):
            words += sentence.words
            if role == "apparatus" or sentence.words < _SHORTEST or _asks(sentence):
                continue
            readable += sentence.words
            if _usable(sentence):
                found.append(Candidate(sentence, role, major, counts[major], number == 0 and block.kind == "paragraph"))
                counts[major] += 1
    return found, words, readable


def _asks(sentence: Sentence) -> bool:
    return sentence.text.rstrip("\"')”").endswith("?")


def _usable(sentence: Sentence) -> bool:
    """Whether a sentence can stand alone: whole, no question, mostly words of a language."""
    plain = len(plain_words(sentence.text))
    whole = bool(re.match(r"[\W_]*[^\W\d_]", sentence.text)) and sentence.text.rstrip("\"')”")[-1:] in ".!:。"
    fits = _SHORTEST <= sentence.words <= _LONGEST
    return whole and fits and 2 * plain >= sentence.words and not sentence.text.startswith(("(", "["))


def _scores(document: Document, found: list[Candidate], central: Matrix) -> list[float]:
    """The score of each candidate in 0..1, as the docstring of `analyse` says."""
    title = re.sub(r"^[A-Z]+ \d+\W+", "", document.title)
    likeness = similarities([title, *(one.sentence.text for one in found)])[0, 1:]
    top = float(likeness.max()) or 1.0
    scores = []
    for one, centrality, alike in zip(found, central, likeness, strict=True):
        score = (
            _WEIGHTS["centrality"] * float(centrality)
            + _WEIGHTS["location"] * _location(one)
            + _WEIGHTS["cue"] * _cue(one)
            + _WEIGHTS["title"] * float(alike) / top
        )
        scores.append(score * _independence(one))
    return scores


def _cue(one: Candidate) -> float:
    """1 for saying what the document is for, half of it outside the opening or for words of weight, 0 for denials."""
    if says_purpose(one.sentence.text):
        if re.search(r"\b(?:not?|nothing|never)\b", one.sentence.text):
            return 0.0
        return 1.0 if one.role == "opening" else 0.5
    return 0.5 if _TELLING.search(one.sentence.text) else 0.0


def _independence(one: Candidate) -> float:
    """0.6 for a sentence that leans on the one before it, 0.8 for one that only announces what follows, else 1."""
    if says_purpose(one.sentence.text):
        return 1.0
    announces = 0.8 if one.sentence.text.endswith(":") else 1.0
    return 0.6 if _LEANS_ON_CONTEXT.match(one.sentence.text) else announces


def _location(one: Candidate) -> float:
    """Location after Edmundson: opening sections count fully, others half, both less the further in."""
    base = 1.0 if one.role == "opening" else 0.5 if one.role == "body" else 0.2
    return base / (1 + 0.25 * one.index) * (1.0 if one.leads else 0.8)


def _summary_finding(one: Candidate, score: float, number: int) -> Finding:
    """A sentence of the summary."""
    return {
        "kind": "summary_sentence",
        "text": one_line(one.sentence.text),
        "where": one.sentence.place,
        "quote": shortened(one.sentence.text),
        "value": round(score, 3),
        "unit": "score in 0..1",
        "data": {"number": number, "section": one.major},
    }


def _key_sentences(found: list[Candidate], central: Matrix) -> list[Finding]:
    """For each major section with two candidates or more, the one that stands best for it."""
    sections: dict[str, list[int]] = defaultdict(list)
    for index, one in enumerate(found):
        sections[one.major].append(index)
    keys: list[Finding] = []
    for title, members in sections.items():
        if len(members) < 2 or len(sections) < 2:  # noqa: PLR2004
            continue
        highest = max(float(central[index]) for index in members) or 1.0
        worth = {index: _worth_in_section(found[index], float(central[index]) / highest) for index in members}
        best = max(members, key=lambda index: (worth[index], -index))
        text = found[best].sentence.text
        keys.append(
            {
                "kind": "key_sentence",
                "text": one_line(f"{title or 'Before the first heading'}: {text}"),
                "where": found[best].sentence.place,
                "quote": shortened(text),
                "value": round(worth[best], 3),
                "unit": "score in 0..1",
                "data": {"section": title, "candidates": len(members)},
            }
        )
    return keys


def _worth_in_section(one: Candidate, centrality: float) -> float:
    """How well a sentence stands for its section: centrality 0.4, location 0.4, cue 0.2, less when it leans."""
    location = (1.0 if one.leads else 0.8) / (1 + 0.25 * one.index)
    return (0.4 * centrality + 0.4 * location + 0.2 * _cue(one)) * _independence(one)


def _measures(found: list[Candidate], chosen: list[int], similarity: Matrix, words: int) -> dict[str, float]:
    """How much shorter the summary is, and how near the rest of the text is to it (mean of greatest cosines)."""
    used = sum(found[index].sentence.words for index in chosen)
    near = float(np.mean(similarity[:, chosen].max(axis=1)))
    return {
        "candidate_sentences": float(len(found)),
        "summary_sentences": float(len(chosen)),
        "summary_words": float(used),
        "compression_ratio": ratio(used, words),
        "mean_similarity_to_summary": round(near, 3),
    }


def _nothing(document: Document, words: int) -> Report:
    """The report on a document without a sentence to choose."""
    why = "holds no prose" if not words else "has no whole sentence"
    return {
        "headline": one_line(f"No summary: {document.title or document.source} {why}.", _HEADLINE),
        "findings": [],
        "measures": {"candidate_sentences": 0.0, "summary_sentences": 0.0, "summary_words": 0.0},
        "coverage": 0.0,
        "confidence": 0.0,
    }
