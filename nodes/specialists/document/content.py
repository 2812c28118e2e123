"""The content specialist: what a document is about, in themes, topics, terms and names."""

from __future__ import annotations

from collections.abc import Sequence

from langgraph_quorum.nodes.documents.model import Document
from langgraph_quorum.nodes.specialists.document.entities import Entity, entities
from langgraph_quorum.nodes.specialists.document.keyphrases import Phrase, c_value, candidates, text_rank
from langgraph_quorum.nodes.specialists.document.prose import (
    Passage,
    around,
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
from langgraph_quorum.nodes.specialists.document.terms import Grammar, learn, phrases
from langgraph_quorum.nodes.specialists.document.themes import Theme, themes
from langgraph_quorum.nodes.specialists.document.topics import Topic, topics
from langgraph_quorum.state.words import counted

_ENOUGH_SECTIONS = 20
"""Sections with a topic from which themes across them are steady: four for each of five themes."""
_PHRASES = 15
_KEYWORDS = 10
_TOPICS = 30
_ENTITIES = {"person": 15, "organisation": 8, "proper_name": 10, "reference": 10, "code_name": 12, "acronym": 8}


def analyse(document: Document) -> Report:
    """Report themes, section topics, key phrases, keywords and entities.

    Terms are noun-like words and phrases by the document's own usage (see `terms`), so that little is assumed of its
    field; the list of function words is English.

    `coverage` is the share of the prose's words that stand in sentences searched for terms and names, of short
    sections as well as of long ones, times the language factor; that few sections are long enough for a topic is said
    by the confidence.
    `confidence` is `sample_confidence(sections with a topic, 20)` times the language factor (1 for English, down to 0
    for text without English function words).
    """
    read = passages(document)
    share = english_share(read)
    factor = language_factor(share)
    grammar = learn(sentence.text for one in read for sentence in one.sentences)
    found = candidates(read, grammar)
    about = topics(read, grammar)
    longest = sorted(about, key=lambda one: -read[one.passage].words)[:_TOPICS]
    shared = themes(read, grammar)
    ranked = c_value(found)
    named = entities(document, read)
    caveat = language_caveat(share, read, "The tests for nouns and function words")
    findings = [
        *caveat,
        *(_theme(one, read, grammar, found) for one in shared),
        *(_phrase(one, len(read)) for one in ranked[:_PHRASES]),
        *_keywords(read, grammar, found),
        *_entities(named),
        *(_topic(one, read[one.passage], found) for one in about if one in longest),
    ]
    total = sum(len(block.text.split()) for block in document.blocks if reads_as_prose(block))
    covered = min(1.0, ratio(sum(one.words for one in read), total))
    return {
        "headline": _headline(findings, document.title),
        "findings": findings,
        "measures": _measures(read, about, shared, ranked, named),
        "coverage": round(covered * factor, 3),
        "confidence": round(sample_confidence(len(about), _ENOUGH_SECTIONS) * factor, 3),
    }


def _measures(
    read: Sequence[Passage],
    about: Sequence[Topic],
    shared: Sequence[Theme],
    ranked: Sequence[Phrase],
    named: Sequence[Entity],
) -> dict[str, float]:
    """Counts over the whole document, of all that was found and not only of what is reported."""
    return {
        "sections": float(len(read)),
        "sections_with_topic": float(len(about)),
        "themes": float(len(shared)),
        "heaviest_theme_ratio": shared[0].weight if shared else 0.0,
        "key_phrases": float(len(ranked)),
        **{f"{sort}_entities": float(sum(1 for one in named if one.sort == sort)) for sort in _ENTITIES},
    }


def _surface(lemma: str, found: dict[str, Phrase]) -> str:
    """A term as the document mostly spells it."""
    return found[lemma].surface if lemma in found else lemma


def _holding(terms: Sequence[str], section: Passage, grammar: Grammar) -> Sentence:
    """The sentence of a section that holds most of the terms, the shorter of equals."""
    wanted = set(terms)

    def rank(sentence: Sentence) -> tuple[int, int]:
        return len(wanted & {lemma for lemma, _ in phrases(sentence.text, grammar)}), -sentence.words

    return max(section.sentences, key=rank)


def _theme(theme: Theme, read: Sequence[Passage], grammar: Grammar, found: dict[str, Phrase]) -> Finding:
    """A theme, shown by a sentence of the section where it is strongest."""
    example = _holding(theme.terms, read[theme.sections[0][0]], grammar)
    names = [_surface(term, found) for term in theme.terms]
    label = ", ".join(names[:3])
    titles = [read[number].title for number, _ in theme.sections]
    return {
        "kind": "theme",
        "text": clipped(f'Theme "{label}" ({theme.weight:.0%}), strongest in: {"; ".join(titles)}.'),
        "where": example.place,
        "quote": shortened(example.text),
        "value": theme.weight,
        "unit": "share of all themes",
        "data": {
            "label": label,
            "terms": names,
            "sections": [{"title": read[number].title, "share": share} for number, share in theme.sections],
        },
    }


def _phrase(phrase: Phrase, sections: int) -> Finding:
    """A key phrase at its first use."""
    first = phrase.sentences[0]
    uses = counted(phrase.uses, "use")
    return {
        "kind": "key_phrase",
        "text": f'"{phrase.surface}": {uses} in {len(phrase.sections)} of {counted(sections, "section")}.',
        "where": first.place,
        "quote": around(first.text, phrase.surface),
        "value": round(phrase.score, 2),
        "unit": "C-value",
        "data": {"phrase": phrase.surface, "uses": phrase.uses, "sections": len(phrase.sections)},
    }


def _keywords(read: Sequence[Passage], grammar: Grammar, found: dict[str, Phrase]) -> list[Finding]:
    """The single words that are most central in the document's web of words, used three times or more."""
    central = [
        (found[lemma], score)
        for lemma, score in text_rank(read, grammar)
        if lemma in found and found[lemma].uses > 2  # noqa: PLR2004
    ]
    return [
        {
            "kind": "keyword",
            "text": f'"{word.surface}" is central: it stands next to many other terms ({word.uses} uses).',
            "where": word.sentences[0].place,
            "quote": around(word.sentences[0].text, word.surface),
            "value": round(score, 4),
            "unit": "TextRank, all words adding up to 1",
            "data": {"word": word.surface, "uses": word.uses},
        }
        for word, score in central[:_KEYWORDS]
    ]


def _entities(named: Sequence[Entity]) -> list[Finding]:
    """The entities of each sort with most mentions."""
    found: list[Finding] = []
    for sort, limit in _ENTITIES.items():
        for entity in [one for one in named if one.sort == sort][:limit]:
            place, text = entity.mentions[0]
            count = len(entity.mentions)
            says = f" ({entity.role})" if entity.role else f", {entity.expansion}" if entity.expansion else ""
            found.append(
                {
                    "kind": sort,
                    "text": clipped(f"{entity.name}{says}: {counted(count, 'mention')}."),
                    "where": place,
                    "quote": around(text, entity.name),
                    "value": float(count),
                    "unit": "mentions",
                    "data": {"name": entity.name, "expansion": entity.expansion, "role": entity.role},
                }
            )
    return found


def _topic(topic: Topic, section: Passage, found: dict[str, Phrase]) -> Finding:
    """What sets a section apart from the others."""
    names = [_surface(term, found) for term in topic.terms]
    return {
        "kind": "section_topic",
        "text": clipped(f'"{section.title}" is about: {", ".join(names)}.'),
        "where": topic.example.place,
        "quote": around(topic.example.text, names[0]),
        "value": topic.strength,
        "unit": "TF-IDF of the first term, 0 to 1",
        "data": {"section": section.title, "terms": names},
    }


def _headline(findings: Sequence[Finding], title: str) -> str:
    """The most central words and the labels of the heaviest themes."""
    if not findings:
        return "No themes, terms or names were found: the document holds too little prose."
    if findings[0]["kind"] == "not_english":
        return clipped(findings[0]["text"], 200)
    central = [str(one["data"]["word"]) for one in findings if one["kind"] == "keyword"][:3]
    labels = [str(one["data"]["label"]) for one in findings if one["kind"] == "theme"][:3]
    headline = title or "The document"
    headline += f" centres on {', '.join(central)}" if central else " repeats no term often enough to centre on it"
    headline += f"; themes: {' / '.join(labels)}" if labels else "; too short for themes"
    return clipped(f"{headline}.", 200)
