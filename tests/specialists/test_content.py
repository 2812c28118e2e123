"""What the sample PEPs are about, as a careful reader would say."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from langgraph_quorum.nodes.documents.model import Document
from langgraph_quorum.nodes.specialists.document.content import analyse
from langgraph_quorum.nodes.specialists.document.report import Finding, Report

PepReader = Callable[[int], Document]
ReportCheck = Callable[[Document, Report], None]
DocumentMaker = Callable[..., Document]


def of_kind(report: Report, kind: str) -> list[Finding]:
    return [finding for finding in report["findings"] if finding["kind"] == kind]


def names(report: Report, kind: str) -> list[str]:
    return [str(finding["data"]["name"]) for finding in of_kind(report, kind)]


def key_phrases(report: Report) -> list[str]:
    return [str(finding["data"]["phrase"]).casefold() for finding in of_kind(report, "key_phrase")]


def themes(report: Report) -> list[set[str]]:
    """The words of each theme's terms, in lower case and without a plural's s."""
    found = []
    for finding in of_kind(report, "theme"):
        terms = finding["data"]["terms"]
        assert isinstance(terms, list)
        found.append({word.casefold().removesuffix("s") for term in terms for word in term.split()})
    return found


@pytest.mark.parametrize("number", [8, 20, 257, 492, 654, 3156])
def test_every_quote_stands_where_the_finding_says(pep: PepReader, honest: ReportCheck, number: int) -> None:
    honest(pep(number), analyse(pep(number)))


def test_the_themes_of_pep_3156_are_event_loop_transports_and_protocols_futures_and_coroutines(pep: PepReader) -> None:
    found = themes(analyse(pep(3156)))
    assert any({"event", "loop"} <= words for words in found)
    assert any({"transport", "protocol"} <= words for words in found)
    assert any({"future", "coroutine"} <= words for words in found)


def test_the_event_loop_is_the_first_key_phrase_of_pep_3156(pep: PepReader) -> None:
    assert key_phrases(analyse(pep(3156)))[0] == "event loop"


def test_naming_exceptions_and_layout_are_themes_of_pep_8(pep: PepReader) -> None:
    found = themes(analyse(pep(8)))
    assert any({"name", "convention"} <= words or {"name", "module"} <= words for words in found)
    assert any("exception" in words for words in found)
    assert any({"line", "space"} <= words for words in found)


def test_exception_groups_and_except_star_clauses_lead_pep_654(pep: PepReader) -> None:
    assert key_phrases(analyse(pep(654)))[:2] == ["exception groups", "except* clauses"]


def test_tracebacks_are_a_theme_of_pep_654_and_strongest_where_it_speaks_of_them(pep: PepReader) -> None:
    (theme,) = [
        finding for finding in of_kind(analyse(pep(654)), "theme") if "traceback" in str(finding["data"]["label"])
    ]
    assert "The Traceback of an Exception Group" in theme["text"]


def test_native_coroutines_and_asynchronous_iterators_and_context_managers_are_the_terms_of_pep_492(
    pep: PepReader,
) -> None:
    found = key_phrases(analyse(pep(492)))
    assert found[0] == "native coroutine"
    assert {"asynchronous iterator", "asynchronous context managers", "generator-based coroutines"} <= set(found)


def test_docstrings_are_the_centre_of_pep_257_and_its_summary_line_a_key_phrase(pep: PepReader) -> None:
    report = analyse(pep(257))
    assert "docstring" in of_kind(report, "keyword")[0]["text"]
    assert {"summary line", "blank line"} <= set(key_phrases(report))


def test_handling_docstring_indentation_is_about_indentation(pep: PepReader) -> None:
    (topic,) = [one for one in of_kind(analyse(pep(257)), "section_topic") if "Handling" in one["where"]["section"]]
    terms = topic["data"]["terms"]
    assert isinstance(terms, list)
    assert terms[0] == "indentation"


def test_yury_selivanov_is_named_by_pep_492_and_its_abcs_are_expanded(pep: PepReader) -> None:
    report = analyse(pep(492))
    assert names(report, "person")[0] == "Yury Selivanov"
    assert any(finding["data"]["expansion"] == "Abstract Base Classes" for finding in of_kind(report, "acronym"))
    assert "PEP 3156" in names(report, "reference")
    assert "PEP 492" not in names(report, "reference"), "a document does not refer to itself"


def test_authors_are_found_each_on_the_line_of_the_header(pep: PepReader) -> None:
    people = {finding["data"]["name"]: finding["where"]["line"] for finding in of_kind(analyse(pep(257)), "person")}
    assert people == {"David Goodger": 3, "Guido van Rossum": 4}


def test_tim_peters_is_named_by_pep_20_and_a_capitalised_epithet_is_no_part_of_him(pep: PepReader) -> None:
    assert names(analyse(pep(20)), "person") == ["Tim Peters"]


def test_those_whom_pep_3156_thanks_are_people_and_a_company_is_none(pep: PepReader) -> None:
    report = analyse(pep(3156))
    assert {"Steve Dower", "Ben Darnell", "Saúl Ibarra Corretgé"} <= set(names(report, "person"))
    assert names(report, "organisation") == ["Gambit Research"]


def test_classes_and_functions_of_asyncio_are_code_names_of_pep_3156(pep: PepReader) -> None:
    found = names(analyse(pep(3156)), "code_name")
    assert {"getaddrinfo()", "ProactorEventLoop", "call_soon()"} <= set(found)


def test_the_same_document_gives_the_same_report(pep: PepReader) -> None:
    assert analyse(pep(3156)) == analyse(pep(3156))


def test_a_document_of_code_and_tables_is_about_nothing_that_prose_says(
    made: DocumentMaker, honest: ReportCheck
) -> None:
    document = made(("code", "def event_loop(): ..."), ("table", "a | b"))
    report = analyse(document)
    honest(document, report)
    assert report["findings"] == []
    assert (report["coverage"], report["confidence"]) == (0, 0)


@pytest.mark.parametrize("text", ["Hello.", "The and of.", "x", "…", "A single line about event loops."])
def test_one_line_gives_no_themes_and_little_confidence(made: DocumentMaker, honest: ReportCheck, text: str) -> None:
    document = made(("paragraph", text))
    report = analyse(document)
    honest(document, report)
    assert of_kind(report, "theme") == []
    assert report["confidence"] < 0.2


def test_a_huge_paragraph_is_survived(made: DocumentMaker, honest: ReportCheck) -> None:
    document = made(("paragraph", "The event loop runs the callback of the transport. " * 3000))
    honest(document, analyse(document))


def test_spanish_is_told_from_english_and_not_trusted(made: DocumentMaker, honest: ReportCheck) -> None:
    text = (
        "El gato se sienta en el tejado y mira el jardín porque los pájaros cantan allí. "
        "Nadie sabe por qué el perro ladra tan fuerte y no quiere dormir esta noche."
    )
    document = made(("paragraph", text))
    report = analyse(document)
    honest(document, report)
    assert report["findings"][0]["kind"] == "not_english"
    assert report["confidence"] < 0.1


@pytest.mark.parametrize(
    "text",
    [
        "A" * 20_000,
        "Aa Bb " * 5_000,
        "(" * 2_000 + ")" * 2_000,
        "word-" * 5_000,
        "\u8fd9\u662f\u4e00\u4e2a\u7528\u4e2d\u6587\u5199\u7684\u6587\u6863\u3002" * 50,
        "\u0647\u0630\u0627 \u0645\u0633\u062a\u0646\u062f. " * 50,
        "",
    ],
    ids=["one letter", "names only", "brackets", "one compound", "Chinese", "Arabic", "nothing"],
)
@pytest.mark.timeout(10)
def test_text_that_is_no_english_prose_is_survived_in_time_and_not_trusted(
    made: DocumentMaker, honest: ReportCheck, text: str
) -> None:
    document = made(("paragraph", text))
    report = analyse(document)
    honest(document, report)
    assert report["confidence"] < 0.1
