"""What a document lacks, and where it does not agree with itself."""

from __future__ import annotations

from collections import Counter

from langgraph_quorum.nodes.documents.model import Document
from langgraph_quorum.nodes.specialists.document.consistency import inconsistencies
from langgraph_quorum.nodes.specialists.document.gaps import gaps
from langgraph_quorum.nodes.specialists.document.naming import naming_findings
from langgraph_quorum.nodes.specialists.document.prose import (
    english_share,
    language_caveat,
    language_factor,
    passages,
    ratio,
)
from langgraph_quorum.nodes.specialists.document.quoting import one_line
from langgraph_quorum.nodes.specialists.document.repetition import repeated_sentences
from langgraph_quorum.nodes.specialists.document.report import Finding, Report, sample_confidence
from langgraph_quorum.nodes.specialists.document.unfinished import unfinished
from langgraph_quorum.state.words import counted

_UNFINISHED = ("unfinished_mark", "undecided", "open_section", "promised_later", "breaks_off", "left_out")
_GAPS = (
    "empty_section", "missing_section", "section_named_differently", "announced_missing", "points_to_nothing",
)  # fmt: skip
_INCONSISTENT = (
    "dates_disagree", "contradiction", "defined_twice", "mixed_heading_styles", "numbering_gap", "unexplained_acronym",
)  # fmt: skip
_SENTENCES_FOR_A_PICTURE = 100
_HEADLINE = 200


def analyse(document: Document) -> Report:
    """Look for what is unfinished, missing, inconsistent or said twice.

    Coverage is the share of the words of headings and prose that could be checked: all of the headings, and of the
    prose the part `language_factor` gives, since most checks read English.
    Confidence is `sample_confidence` of the sentences and headings, where 100 are enough, times the same factor: to
    find nothing in ten sentences says little, in a hundred much.
    """
    read = passages(document)
    share = english_share(read)
    factor = language_factor(share)
    found = [*unfinished(document), *gaps(document), *inconsistencies(document), *naming_findings(document)]
    found.sort(key=_rank)
    findings = [
        *found,
        *repeated_sentences(document),
        *language_caveat(share, read, "The checks for gaps and unfinished passages"),
    ]
    prose_words = sum(passage.words for passage in read)
    heading_words = sum(len(heading.text.split()) for heading in document.of_kind("heading"))
    units = sum(len(passage.sentences) for passage in read) + sum(1 for _ in document.of_kind("heading"))
    return {
        "headline": _headline(findings, units),
        "findings": findings,
        "measures": _measures(findings, prose_words),
        "coverage": ratio(heading_words + factor * prose_words, heading_words + prose_words),
        "confidence": round(sample_confidence(units, _SENTENCES_FOR_A_PICTURE) * (factor if read else 1.0), 3),
    }


def _rank(finding: Finding) -> tuple[int, int, int]:
    """Warnings before notes, then in the order of the kinds, then of the document."""
    kinds = (*_UNFINISHED[:3], *_GAPS, *_INCONSISTENT, *_UNFINISHED[3:])
    return (
        0 if finding.get("severity") == "warning" else 1,
        kinds.index(finding["kind"]),
        finding["where"].get("line", 0),
    )


def _measures(findings: list[Finding], words: int) -> dict[str, float]:
    """Counts of each sort, and the density of warnings."""
    kinds = Counter(finding["kind"] for finding in findings)
    warnings = sum(1 for finding in findings if finding.get("severity") == "warning")
    return {
        "unfinished_places": float(sum(kinds[kind] for kind in _UNFINISHED)),
        "unfinished_marks": float(kinds["unfinished_mark"]),
        "gaps": float(sum(kinds[kind] for kind in _GAPS)),
        "inconsistencies": float(sum(kinds[kind] for kind in _INCONSISTENT)),
        "repeated_sentences": float(kinds["repeated_sentence"]),
        "warnings": float(warnings),
        "warnings_per_1000_words": round(1000 * warnings / words, 3) if words else 0.0,
    }


def _headline(findings: list[Finding], units: int) -> str:
    """The count of warnings and the first of them, else of notes, else that nothing was found in so much text."""
    faults = [finding for finding in findings if "severity" in finding]
    if not faults:
        text = "1 sentence or heading" if units == 1 else f"{units} sentences and headings"
        return f"No gap, unfinished passage or inconsistency found in {text}."
    warnings = [finding for finding in faults if finding["severity"] == "warning"]
    first = (warnings or faults)[0]
    line = f" (line {first['where']['line']})" if "line" in first["where"] else ""
    notes = len(faults) - len(warnings)
    return one_line(
        f"{counted(len(warnings), 'warning')}, {counted(notes, 'note')}; first{line}: {first['text']}", _HEADLINE
    )
