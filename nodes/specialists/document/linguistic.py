"""The linguistic specialist: how hard a document is to read, and where its style gets in the way."""

from __future__ import annotations

from langgraph_quorum.nodes.documents.model import Document
from langgraph_quorum.nodes.specialists.document import prose_faults, sentence_style, spelling
from langgraph_quorum.nodes.specialists.document.clauses import addresses_reader, hedges, passives, runs
from langgraph_quorum.nodes.specialists.document.prose import (
    Passage,
    clipped,
    english_share,
    language_caveat,
    language_factor,
    passages,
    plain_words,
    ratio,
    reads_as_prose,
    shortened,
)
from langgraph_quorum.nodes.specialists.document.readability import lexical_diversity, readability
from langgraph_quorum.nodes.specialists.document.report import Finding, Report, sample_confidence
from langgraph_quorum.nodes.specialists.document.sentences import Sentence
from langgraph_quorum.state.words import counted

_ENOUGH_WORDS = 500
"""Flesch (1948) takes three to five samples of 100 words of an article."""
_SECTION_WORDS = 150
"""Shorter sections are not graded: in one of Flesch's samples of 100 words a single long sentence decides."""
_SECTION_SENTENCES = 5
_EXAMPLE_WORDS = 6
_BANDS = ((90, "very easy"), (80, "easy"), (70, "fairly easy"), (60, "plain"), (50, "fairly hard"), (30, "hard"))
"""Flesch's scale of his scores; under 30 is very hard."""


def analyse(document: Document) -> Report:
    """Report readability, long and convoluted sentences, passive voice, spelling variants and faults of style.

    Only running text is measured (see `clauses.runs`): lists of names, signatures and addresses have no style.

    `coverage` is the share of the prose's words that stand in running text, times the language factor.
    `confidence` is `sample_confidence(words of running text, 500)` times the language factor (1 for English, down to
    0 for text without English function words).
    """
    read = passages(document)
    share = english_share(read)
    factor = language_factor(share)
    running = [Passage(one.title, one.place, tuple(filter(runs, one.sentences))) for one in read]
    running = [one for one in running if one.sentences]
    sentences = [sentence for one in running for sentence in one.sentences]
    words = sum(sentence.words for sentence in sentences)
    total = sum(len(block.text.split()) for block in document.blocks if reads_as_prose(block))
    caveat = language_caveat(share, read, "Readability formulas and style rules")
    findings = [*caveat, *_findings(running, sentences, foreign=bool(caveat))] if sentences else caveat
    return {
        "headline": _headline(findings),
        "findings": findings,
        "measures": _measures(sentences),
        "coverage": round(min(1.0, ratio(words, total)) * factor, 3),
        "confidence": round(sample_confidence(words, _ENOUGH_WORDS) * factor, 3),
    }


def _findings(running: list[Passage], sentences: list[Sentence], *, foreign: bool) -> list[Finding]:
    """All findings; of a text that is not English only those on length."""
    if foreign:
        return sentence_style.long(sentences)
    return [
        _overall(sentences),
        *_graded(running),
        *sentence_style.long(sentences),
        *sentence_style.convoluted(sentences),
        *spelling.findings(sentences),
        *sentence_style.passive_sections(running),
        *sentence_style.passives_with_agent(sentences),
        *prose_faults.findings(sentences),
        *sentence_style.manner(running),
    ]


def _overall(sentences: list[Sentence]) -> Finding:
    """The readability of the whole, at its first sentence of running text."""
    whole = readability(sentences)
    return {
        "kind": "readability",
        "text": f"Flesch reading ease {whole.reading_ease:.0f} ({_band(whole.reading_ease)}), Flesch-Kincaid grade "
        f"{whole.grade:.1f}, {whole.words_per_sentence:.0f} words per sentence over {counted(whole.words, 'word')}.",
        "where": sentences[0].place,
        "quote": shortened(sentences[0].text),
        "value": round(whole.grade, 1),
        "unit": "Flesch-Kincaid grade",
    }


def _band(ease: float) -> str:
    """A reading ease in words."""
    return next((name for floor, name in _BANDS if round(ease) >= floor), "very hard")


def _graded(running: list[Passage]) -> list[Finding]:
    """Up to three sections harder than the whole and the easiest, of two or more with enough words."""
    enough = [one for one in running if one.words >= _SECTION_WORDS and len(one.sentences) >= _SECTION_SENTENCES]
    if len(enough) <= 1:
        return []
    whole = readability([sentence for one in running for sentence in one.sentences]).grade
    grades = sorted(((readability(one.sentences).grade, one) for one in enough), key=lambda pair: -pair[0])
    hard = [one for grade, one in grades[:3] if grade > whole]
    found = [_grade("hard_section" if rank else "hardest_section", one) for rank, one in enumerate(hard)]
    return [*found, _grade("easiest_section", grades[-1][1])] if grades[-1][0] < whole else found


def _grade(kind: str, section: Passage) -> Finding:
    """A section's grade, shown by its longest sentence, or the shortest of the easiest section."""
    score = readability(section.sentences)
    sign = -1 if kind == "easiest_section" else 1
    example = max(section.sentences, key=lambda one: (one.words >= _EXAMPLE_WORDS, sign * one.words))
    return {
        "kind": kind,
        "text": clipped(
            f'"{section.title}" reads at Flesch-Kincaid grade {score.grade:.1f} (reading ease '
            f"{score.reading_ease:.0f}, {score.words_per_sentence:.0f} words per sentence, {score.words} words)."
        ),
        "where": example.place,
        "quote": shortened(example.text),
        "value": round(score.grade, 1),
        "unit": "Flesch-Kincaid grade",
    }


def _measures(sentences: list[Sentence]) -> dict[str, float]:
    """Numbers about the running text of the whole document."""
    whole = readability(sentences)
    count = len(sentences)
    plain = [word for one in sentences for word in plain_words(one.text)]
    return {
        "words": float(whole.words),
        "sentences": float(count),
        "words_per_sentence": round(whole.words_per_sentence, 1),
        "syllables_per_word": round(whole.syllables_per_word, 2),
        "flesch_reading_ease": round(whole.reading_ease, 1),
        "flesch_kincaid_grade": round(whole.grade, 1),
        "mtld_words": lexical_diversity(plain),
        "long_sentence_ratio": ratio(sum(1 for one in sentences if one.words >= sentence_style.LONG), count),
        "passive_sentence_ratio": ratio(sum(1 for one in sentences if passives(one.text)), count),
        "direct_address_ratio": ratio(sum(1 for one in sentences if addresses_reader(one.text)), count),
        "hedges_per_100_words": round(100 * ratio(sum(len(hedges(one.text)) for one in sentences), len(plain)), 2),
    }


def _headline(findings: list[Finding]) -> str:
    """The overall readability and the hardest section, or the language that stands in the way."""
    if not findings:
        return "No running text to judge: no sentence of plain words was found."
    if findings[0]["kind"] != "readability":
        return clipped(findings[0]["text"], 200)
    headline = f"Reads at Flesch-Kincaid grade {findings[0]['value']:.1f}"
    hardest = next((one for one in findings if one["kind"] == "hardest_section"), None)
    longest = next((one for one in findings if one["kind"] == "long_sentence"), None)
    if hardest is not None:
        headline += f'; hardest is "{hardest["where"]["section"]}" (grade {hardest["value"]:.1f})'
    if longest is not None:
        headline += f"; the longest sentence has {longest['value']:.0f} words"
    return clipped(f"{headline}.", 200)
