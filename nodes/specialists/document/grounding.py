"""Scoring a document report: do its quotes stand where it says, how much could it look at, how sure is it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from math import fsum
from typing import Any

from langgraph_quorum.nodes.documents.model import Document, Place
from langgraph_quorum.nodes.specialists.document.report import Report
from langgraph_quorum.nodes.specialists.document.roster import document_of
from langgraph_quorum.state.branch import Branch
from langgraph_quorum.state.records import Quality
from langgraph_quorum.state.words import counted

_GROUNDING_WEIGHT = 0.4
_COVERAGE_WEIGHT = 0.4
_CONFIDENCE_WEIGHT = 0.2
"""Half of the others' weight: grounding and coverage are checked against the document, confidence is what the
specialist says of itself, and low for every short text however well it was read."""


def score_report(branch: Branch, result: Any) -> Quality:
    """The weighted mean of grounding (0.4), coverage (0.4) and confidence (0.2), each 0..1.

    Grounding is the share of quoted findings whose words stand at the place they name; it is left out when the report
    quotes nothing, and the other two weigh two thirds and one third.
    """
    return quality_of(document_of(branch), result)


def quality_of(document: Document, report: Report) -> Quality:
    """The quality of a report on a document that is at hand."""
    quoted = [finding for finding in report["findings"] if finding.get("quote")]
    blocks = _text_by_place(document)
    grounded = sum(_stands(finding["quote"], finding["where"], blocks) for finding in quoted)
    parts = [(_COVERAGE_WEIGHT, report["coverage"]), (_CONFIDENCE_WEIGHT, report["confidence"])]
    evidence = [f"{report['coverage']:.0%} of its material analysed", f"confidence {report['confidence']:.2f}"]
    if quoted:
        parts.append((_GROUNDING_WEIGHT, grounded / len(quoted)))
        evidence.insert(0, f"{grounded} of {counted(len(quoted), 'quote')} found where the report says")
    return Quality(
        score=fsum(weight * part for weight, part in parts) / fsum(weight for weight, _ in parts),
        confidence=report["confidence"],
        completeness=report["coverage"],
        consistency=None,
        evidence=evidence,
    )


def _keys(place: Place) -> Iterable[tuple[str, int]]:
    if "line" in place:
        return (("line", line) for line in range(place["line"], place.get("end_line", place["line"]) + 1))
    if "page" in place:
        return [("page", place["page"])]
    return [("block", place["block"])] if "block" in place else []


def _text_by_place(document: Document) -> dict[tuple[str, int], list[str]]:
    texts: dict[tuple[str, int], list[str]] = defaultdict(list)
    for block in document.blocks:
        folded = _folded(block.text)
        for key in _keys(block.place):
            texts[key].append(folded)
    for number, line in enumerate(document.raw_lines, 1):
        texts["line", number].append(_folded(line))
    return texts


def _stands(quote: str, where: Place, texts: dict[tuple[str, int], list[str]]) -> bool:
    words = _folded(quote)
    return any(words in text for key in _keys(where) for text in texts.get(key, ()))


def _folded(text: str) -> str:
    return " ".join(text.split())
