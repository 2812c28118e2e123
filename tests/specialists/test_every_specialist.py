"""What every document specialist owes its reader, over every sample PEP and every poor document."""

from __future__ import annotations

import json
import re
from functools import cache

import pytest

from langgraph_quorum.nodes.documents.model import Document
from langgraph_quorum.nodes.specialists.document.report import Report
from langgraph_quorum.nodes.specialists.document.roster import DOCUMENT_SPECIALISTS
from tests.specialists.poor_documents import (
    FOREIGN,
    NO_PROSE_OF_ENGLISH,
    ONE_LINE,
    POOR_DOCUMENTS,
    TOO_SHORT_TO_TELL,
    WITHOUT_PROSE,
)
from tests.specialists.reports import analysed, folded_quote, kinds, misplaced
from tests.specialists.samples import PEPS, pep

SAMPLES = {f"PEP {number}": number for number in PEPS}
OF_PROSE = [name for name in DOCUMENT_SPECIALISTS if name != "technical"]
OF_ENGLISH = [name for name in OF_PROSE if name != "summary"]

COUNTING = {"overall_tone", "readability", "key_phrase", "mixed_section", "plain_http", "open_section", "links"}
SINGULAR_WITH_PLURAL = re.compile(r"(?<![\w.,])1 (?:[a-z]+ )?(?:sentences|words|uses|sections|points|links|headings)\b")

every_specialist = pytest.mark.parametrize("specialist", DOCUMENT_SPECIALISTS)
every_document = pytest.mark.parametrize("name", [*SAMPLES, *POOR_DOCUMENTS])


def document_named(name: str) -> Document:
    return pep(SAMPLES[name]) if name in SAMPLES else POOR_DOCUMENTS[name]


@cache
def report_on(name: str, specialist: str) -> Report:
    return analysed(specialist, document_named(name))


@every_document
@every_specialist
def test_a_report_survives_json(specialist: str, name: str) -> None:
    report = report_on(name, specialist)
    assert json.loads(json.dumps(report)) == report


@every_document
@every_specialist
def test_headline_coverage_and_confidence_keep_within_their_bounds(specialist: str, name: str) -> None:
    report = report_on(name, specialist)
    assert 0 < len(report["headline"]) <= 200
    assert 0 <= report["coverage"] <= 1
    assert 0 <= report["confidence"] <= 1


@every_document
@every_specialist
def test_a_finding_is_one_line_and_short_and_so_is_its_quote(specialist: str, name: str) -> None:
    for finding in report_on(name, specialist)["findings"]:
        assert len(finding["text"]) <= 300
        assert "\n" not in finding["text"]
        assert len(folded_quote(finding)) <= 300


@every_document
@every_specialist
def test_one_of_a_thing_is_told_in_the_singular(specialist: str, name: str) -> None:
    report = report_on(name, specialist)
    own = [report["headline"], *(finding["text"] for finding in report["findings"] if finding["kind"] in COUNTING)]
    assert [text for text in own if SINGULAR_WITH_PLURAL.search(text)] == []


@every_document
@every_specialist
def test_every_quote_stands_where_the_finding_says(specialist: str, name: str) -> None:
    assert misplaced(document_named(name), report_on(name, specialist)) == []


@pytest.mark.parametrize("number", PEPS)
@every_specialist
def test_the_same_document_gives_the_same_report(specialist: str, number: int) -> None:
    assert analysed(specialist, pep(number)) == report_on(f"PEP {number}", specialist)


@pytest.mark.parametrize("name", WITHOUT_PROSE)
@pytest.mark.parametrize("specialist", OF_PROSE)
def test_a_specialist_of_prose_finds_nothing_where_there_is_none(specialist: str, name: str) -> None:
    report = report_on(name, specialist)
    assert report["findings"] == []
    assert (report["coverage"], report["confidence"]) == (0, 0)


@pytest.mark.parametrize("name", [*WITHOUT_PROSE, *ONE_LINE])
@every_specialist
def test_what_says_little_is_judged_with_little_confidence(specialist: str, name: str) -> None:
    assert report_on(name, specialist)["confidence"] < 0.2


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("specialist", OF_ENGLISH)
def test_other_languages_are_told_from_english_and_not_trusted(specialist: str, name: str) -> None:
    report = report_on(name, specialist)
    assert kinds(report)[0] == "not_english"
    assert report["confidence"] < 0.1


@pytest.mark.parametrize("name", TOO_SHORT_TO_TELL)
@every_specialist
def test_a_line_of_another_language_too_short_to_tell_is_not_trusted_either(specialist: str, name: str) -> None:
    assert report_on(name, specialist)["confidence"] < 0.2


@pytest.mark.parametrize("name", NO_PROSE_OF_ENGLISH)
@every_specialist
@pytest.mark.timeout(10)
def test_text_that_is_no_english_prose_is_survived_in_time_and_not_trusted(specialist: str, name: str) -> None:
    document = NO_PROSE_OF_ENGLISH[name]
    report = analysed(specialist, document)
    assert misplaced(document, report) == []
    assert report["confidence"] < 0.1
