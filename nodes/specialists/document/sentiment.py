"""The sentiment specialist: the tone of a document by section, its strongest sentences and its course."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, pstdev

from langgraph_quorum.nodes.documents.model import Document
from langgraph_quorum.nodes.specialists.document.prose import (
    Passage,
    clipped,
    english_share,
    language_caveat,
    language_factor,
    passages,
    ratio,
    reads_as_prose,
    shortened,
)
from langgraph_quorum.nodes.specialists.document.report import Finding, Report, sample_confidence
from langgraph_quorum.nodes.specialists.document.sentences import Sentence
from langgraph_quorum.nodes.specialists.document.valence import Valence, valence
from langgraph_quorum.state.words import counted

_TONE = 0.05
"""Compound from which VADER's authors call a text positive, and below its negative, negative (Hutto & Gilbert 2014)."""
_STRONG = 0.3
"""Compound of a sentence that a reader notices: one clear word such as "helpful" or "ugly"."""
_ENOUGH_SENTENCES = 50
"""With a spread of 0.3 the mean of 50 sentences has a standard error of 0.04, just under `_TONE`."""
_PARTS = 5


@dataclass(frozen=True, slots=True)
class _Scored:
    """A sentence, its section and its valence."""

    section: str
    sentence: Sentence
    valence: Valence

    @property
    def compound(self) -> float:
        return self.valence.compound


def analyse(document: Document) -> Report:
    """Report the tone of a document.

    Each sentence is scored by VADER with a technical domain list (see `valence`); a section's tone is the sum of its
    compounds over its sentences plus two, which draws short sections towards neutral.

    `coverage` is the share of the prose's words that stand in scored sentences, times the language factor.
    `confidence` is `sample_confidence(sentences that hold a word of the lexicon, 50)` times the language factor
    (1 for English, down to 0 for text without English function words).
    """
    read = passages(document)
    share = english_share(read)
    factor = language_factor(share)
    scored = [_Scored(part.title, sentence, valence(sentence.text)) for part in read for sentence in part.sentences]
    caveat = language_caveat(share, read, "The sentiment lexicon's scores")
    charged = [one for one in scored if one.valence.words]
    findings = [*caveat, *_findings(read, scored)] if scored else []
    total = sum(len(block.text.split()) for block in document.blocks if reads_as_prose(block))
    covered = min(1.0, ratio(sum(part.words for part in read), total))
    return {
        "headline": _headline(findings, scored, bool(caveat)),
        "findings": findings,
        "measures": _measures(scored, charged),
        "coverage": round(covered * factor, 3),
        "confidence": round(sample_confidence(len(charged), _ENOUGH_SENTENCES) * factor, 3),
    }


def _findings(read: list[Passage], scored: list[_Scored]) -> list[Finding]:
    """All findings: the whole first, then sections, sentences, mixed sections and the course."""
    by_section: list[list[_Scored]] = []
    start = 0
    for part in read:
        by_section.append(scored[start : start + len(part.sentences)])
        start += len(part.sentences)
    return [
        _overall(scored),
        *_sections(by_section, 1),
        *_sections(by_section, -1),
        *_sentences(scored, 1),
        *_sentences(scored, -1),
        *_mixed(by_section),
        *_arc(scored),
    ]


def _tone(section: list[_Scored]) -> float:
    """Mean compound with two neutral sentences added, from -1 to 1."""
    return sum(one.compound for one in section) / (len(section) + 2)


def _name(compound: float) -> str:
    """A compound in a word."""
    if abs(compound) < _TONE:
        return "neutral"
    strength = "clearly " if abs(compound) >= _STRONG else "mildly "
    return strength + ("positive" if compound > 0 else "negative")


def _overall(scored: list[_Scored]) -> Finding:
    """The mean of the document, at the sentence that is nearest to it in sign and strongest."""
    mean = fmean(one.compound for one in scored)
    example = max(scored, key=lambda one: one.compound if mean >= 0 else -one.compound)
    return {
        "kind": "overall_tone",
        "text": f"Over {counted(len(scored), 'sentence')} the tone is {_name(mean)} (mean compound {mean:+.2f}).",
        "where": example.sentence.place,
        "quote": shortened(example.sentence.text),
        "value": round(mean, 3),
        "unit": "VADER compound, -1 to 1",
    }


def _sections(by_section: list[list[_Scored]], sign: int) -> list[Finding]:
    """The three sections whose tone is furthest to one side, each shown by its strongest sentence."""
    several = (part for part in by_section if len(part) > 1 and sign * _tone(part) >= _TONE)
    ranked = sorted(several, key=lambda part: -sign * _tone(part))
    side = "positive" if sign > 0 else "negative"
    found: list[Finding] = []
    for part in ranked[:3]:
        example = max(part, key=lambda one: sign * one.compound)
        title = part[0].section or "(before the first heading)"
        tone = _tone(part)
        found.append(
            {
                "kind": f"{side}_section",
                "text": clipped(f'"{title}" is {_name(tone)} ({tone:+.2f} over {len(part)} sentences).'),
                "where": example.sentence.place,
                "quote": shortened(example.sentence.text),
                "value": round(tone, 3),
                "unit": "VADER compound, -1 to 1",
                "data": {"sentences": len(part)},
            }
        )
    return found


def _sentences(scored: list[_Scored], sign: int) -> list[Finding]:
    """The five strongest sentences of one side, with the words that make them so."""
    ranked = sorted((one for one in scored if sign * one.compound >= _STRONG), key=lambda one: -sign * one.compound)
    side = "positive" if sign > 0 else "negative"
    return [
        {
            "kind": f"{side}_sentence",
            "text": clipped(f"{side.capitalize()} ({one.compound:+.2f}){_reason(one.valence)}."),
            "where": one.sentence.place,
            "quote": shortened(one.sentence.text),
            "value": round(one.compound, 3),
            "unit": "VADER compound, -1 to 1",
            "data": {"words": list(one.valence.leading_words)},
        }
        for one in ranked[:5]
    ]


def _reason(why: Valence) -> str:
    """The words that make a sentence positive or negative, or those that it denies ("not good")."""
    if why.leading_words:
        return f" by: {', '.join(why.leading_words)}"
    return f" by denying: {', '.join(why.words)}" if why.words else ""


def _mixed(by_section: list[list[_Scored]]) -> list[Finding]:
    """Sections that hold strong sentences of both sides, by the smaller of the two counts; at most three."""
    found: list[tuple[int, Finding]] = []
    for part in by_section:
        praise = [one for one in part if one.compound >= _STRONG]
        blame = [one for one in part if one.compound <= -_STRONG]
        if not praise or not blame:
            continue
        worst = min(blame, key=lambda one: one.compound)
        best = max(praise, key=lambda one: one.compound)
        sides = f"{len(praise)} positive and {counted(len(blame), 'negative sentence')}"
        finding: Finding = {
            "kind": "mixed_section",
            "text": clipped(f'"{part[0].section}" weighs both sides: {sides}.'),
            "where": worst.sentence.place,
            "quote": shortened(worst.sentence.text),
            "data": {"positive": len(praise), "negative": len(blame), "best": shortened(best.sentence.text)},
        }
        found.append((min(len(praise), len(blame)), finding))
    return [finding for _, finding in sorted(found, key=lambda pair: -pair[0])[:3]]


def _arc(scored: list[_Scored]) -> list[Finding]:
    """The course of the tone over fifths of the document, for at least 20 sentences."""
    if len(scored) < 4 * _PARTS:
        return []
    cuts = [len(scored) * step // _PARTS for step in range(_PARTS + 1)]
    parts = [scored[start:end] for start, end in pairwise(cuts)]
    means = [round(fmean(one.compound for one in part), 3) for part in parts]
    high = means.index(max(means))
    peak = max(parts[high], key=lambda one: one.compound)
    course = ", ".join(f"{mean:+.2f}" for mean in means)
    return [
        {
            "kind": "arc",
            "text": f"By fifths the mean compound runs {course}; highest in fifth {high + 1}.",
            "where": peak.sentence.place,
            "quote": shortened(peak.sentence.text),
            "value": round(means[-1] - means[0], 3),
            "unit": "VADER compound, last fifth less first",
            "data": {"fifths": means},
        }
    ]


def _measures(scored: list[_Scored], charged: list[_Scored]) -> dict[str, float]:
    """Numbers about the whole document."""
    compounds = [one.compound for one in scored]
    count = len(compounds)
    return {
        "sentences": float(count),
        "mean_compound": round(fmean(compounds), 3) if count else 0.0,
        "spread_compound": round(pstdev(compounds), 3) if count else 0.0,
        "positive_ratio": ratio(sum(1 for value in compounds if value >= _TONE), count),
        "negative_ratio": ratio(sum(1 for value in compounds if value <= -_TONE), count),
        "charged_ratio": ratio(len(charged), count),
    }


def _headline(findings: list[Finding], scored: list[_Scored], foreign: bool) -> str:
    """The overall tone and the section that departs from it most."""
    if not scored:
        return "No tone to judge: no sentence of plain words was found."
    if foreign:
        return clipped(findings[0]["text"], 200)
    mean = fmean(one.compound for one in scored)
    sections = [one for one in findings if one["kind"].endswith("_section") and "value" in one]
    if not sections:
        return f"The tone is {_name(mean)} throughout (sentences: {len(scored)})."
    furthest = max(sections, key=lambda one: abs(one["value"] - mean))
    side = furthest["kind"].partition("_")[0]
    return clipped(f'The tone is {_name(mean)} overall; most {side} in "{furthest["where"]["section"]}".', 200)
