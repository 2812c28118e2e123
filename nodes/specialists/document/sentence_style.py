"""Findings on sentences that are long, convoluted or passive, and on sections with a marked manner."""

from __future__ import annotations

from statistics import fmean

from langgraph_quorum.nodes.specialists.document.clauses import addresses_reader, clause_marks, hedges, passives
from langgraph_quorum.nodes.specialists.document.prose import Passage, clipped, ratio, shortened
from langgraph_quorum.nodes.specialists.document.report import Finding
from langgraph_quorum.nodes.specialists.document.sentences import Sentence
from langgraph_quorum.state.words import counted

LONG = 40
"""Words of a sentence that a reader has to take in two goes; plain-language guides ask for 15 to 25."""
_CONVOLUTED = 5
"""Openings of clauses and asides in one sentence."""
_ENOUGH_SENTENCES = 5
"""Shares of shorter sections say nothing."""
_MUCH_PASSIVE = 0.4
"""Share of passive sentences in a section; technical prose as a whole has 0.25 to 0.35."""
_MARKED = 0.3
"""Share of sentences from which hedging or direct address is the manner of a section."""


def long(sentences: list[Sentence]) -> list[Finding]:
    """The five longest sentences of `LONG` words and more."""
    ranked = sorted((one for one in sentences if one.words >= LONG), key=lambda one: -one.words)
    return [
        {
            "kind": "long_sentence",
            "text": f"A sentence of {one.words} words with {counted(clause_marks(one.text), 'opening')} of clauses "
            "or asides.",
            "where": one.place,
            "quote": shortened(one.text),
            "value": float(one.words),
            "unit": "words",
        }
        for one in ranked[:5]
    ]


def convoluted(sentences: list[Sentence]) -> list[Finding]:
    """The five sentences with most openings of clauses and asides."""
    marked = sorted(((clause_marks(one.text), one) for one in sentences), key=lambda pair: -pair[0])
    return [
        {
            "kind": "convoluted_sentence",
            "text": f"{marks} openings of clauses or asides within {one.words} words.",
            "where": one.place,
            "quote": shortened(one.text),
            "value": float(marks),
            "unit": "openings of clauses or asides",
        }
        for marks, one in marked[:5]
        if marks >= _CONVOLUTED
    ]


def passive_sections(running: list[Passage]) -> list[Finding]:
    """The three sections with the largest share of sentences in the passive, from five sentences and 40 % up."""
    found: list[Finding] = []
    for one in running:
        hits = [sentence for sentence in one.sentences if passives(sentence.text)]
        share = ratio(len(hits), len(one.sentences))
        if len(one.sentences) >= _ENOUGH_SENTENCES and share >= _MUCH_PASSIVE:
            verb = passives(hits[0].text)[0][0]
            found.append(
                {
                    "kind": "passive_section",
                    "text": clipped(
                        f'"{one.title}": {share:.0%} of {len(one.sentences)} sentences are passive ("{verb}").'
                    ),
                    "where": hits[0].place,
                    "quote": shortened(hits[0].text),
                    "value": share,
                    "unit": "share of sentences",
                }
            )
    return sorted(found, key=lambda finding: -finding["value"])[:3]


def passives_with_agent(sentences: list[Sentence]) -> list[Finding]:
    """The first five passives that name who acts, and so could be active."""
    named = [(verb, one) for one in sentences for verb, agent in passives(one.text) if agent]
    return [
        {
            "kind": "passive_with_agent",
            "text": clipped(f'"{verb} ... by": the one who acts is named, so the sentence could be active.'),
            "where": one.place,
            "quote": shortened(one.text),
        }
        for verb, one in named[:5]
    ]


def manner(running: list[Passage]) -> list[Finding]:
    """The section that hedges most and the one that speaks most to the reader, from five sentences and 30 % up."""
    found: list[Finding] = []
    for kind, says, test in (
        ("hedging_section", "qualify what they say", lambda one: bool(hedges(one.text))),
        ("direct_address_section", 'speak to the reader as "you"', lambda one: addresses_reader(one.text)),
    ):
        enough = [one for one in running if len(one.sentences) >= _ENOUGH_SENTENCES]
        shares = [(fmean(map(test, one.sentences)), one) for one in enough]
        share, section = max(shares, key=lambda pair: pair[0], default=(0.0, None))
        if section is None or share < _MARKED:
            continue
        example = next(filter(test, section.sentences))
        found.append(
            {
                "kind": kind,
                "text": clipped(f'In "{section.title}" {share:.0%} of {len(section.sentences)} sentences {says}.'),
                "where": example.place,
                "quote": shortened(example.text),
                "value": round(share, 3),
                "unit": "share of sentences",
            }
        )
    return found
