"""What the sample PEPs are about, as a careful reader would say."""

from __future__ import annotations

import pytest

from langgraph_quorum.nodes.specialists.document.content import analyse
from langgraph_quorum.nodes.specialists.document.report import Report
from tests.specialists.reports import of_kind
from tests.specialists.samples import made, pep


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


def test_the_themes_of_pep_3156_are_event_loop_transports_and_protocols_futures_and_coroutines() -> None:
    found = themes(analyse(pep(3156)))
    assert any({"event", "loop"} <= words for words in found)
    assert any({"transport", "protocol"} <= words for words in found)
    assert any({"future", "coroutine"} <= words for words in found)


def test_the_event_loop_is_the_first_key_phrase_of_pep_3156() -> None:
    assert key_phrases(analyse(pep(3156)))[0] == "event loop"


def test_naming_exceptions_and_layout_are_themes_of_pep_8() -> None:
    found = themes(analyse(pep(8)))
    assert any({"name", "convention"} <= words or {"name", "module"} <= words for words in found)
    assert any("exception" in words for words in found)
    assert any({"line", "space"} <= words for words in found)


def test_exception_groups_and_except_star_clauses_lead_pep_654() -> None:
    assert key_phrases(analyse(pep(654)))[:2] == ["exception groups", "except* clauses"]


def test_tracebacks_are_a_theme_of_pep_654_and_strongest_where_it_speaks_of_them() -> None:
    (theme,) = [
        finding for finding in of_kind(analyse(pep(654)), "theme") if "traceback" in str(finding["data"]["label"])
    ]
    assert "The Traceback of an Exception Group" in theme["text"]


def test_native_coroutines_and_asynchronous_iterators_and_context_managers_are_the_terms_of_pep_492() -> None:
    found = key_phrases(analyse(pep(492)))
    assert found[0] == "native coroutine"
    assert {"asynchronous iterator", "asynchronous context managers", "generator-based coroutines"} <= set(found)


def test_docstrings_are_the_centre_of_pep_257_and_its_summary_line_a_key_phrase() -> None:
    report = analyse(pep(257))
    assert "docstring" in of_kind(report, "keyword")[0]["text"]
    assert {"summary line", "blank line"} <= set(key_phrases(report))


def test_handling_docstring_indentation_is_about_indentation() -> None:
    (topic,) = [one for one in of_kind(analyse(pep(257)), "section_topic") if "Handling" in one["where"]["section"]]
    terms = topic["data"]["terms"]
    assert isinstance(terms, list)
    assert terms[0] == "indentation"


def test_yury_selivanov_is_named_by_pep_492_and_its_abcs_are_expanded() -> None:
    report = analyse(pep(492))
    assert names(report, "person")[0] == "Yury Selivanov"
    assert any(finding["data"]["expansion"] == "Abstract Base Classes" for finding in of_kind(report, "acronym"))
    assert "PEP 3156" in names(report, "reference")
    assert "PEP 492" not in names(report, "reference"), "a document does not refer to itself"


def test_authors_are_found_each_on_the_line_of_the_header() -> None:
    people = {finding["data"]["name"]: finding["where"]["line"] for finding in of_kind(analyse(pep(257)), "person")}
    assert people == {"David Goodger": 3, "Guido van Rossum": 4}


def test_tim_peters_is_named_by_pep_20_and_a_capitalised_epithet_is_no_part_of_him() -> None:
    assert names(analyse(pep(20)), "person") == ["Tim Peters"]


def test_those_whom_pep_3156_thanks_are_people_and_a_company_is_none() -> None:
    report = analyse(pep(3156))
    assert {"Steve Dower", "Ben Darnell", "Saúl Ibarra Corretgé"} <= set(names(report, "person"))
    assert names(report, "organisation") == ["Gambit Research"]


def test_classes_and_functions_of_asyncio_are_code_names_of_pep_3156() -> None:
    found = names(analyse(pep(3156)), "code_name")
    assert {"getaddrinfo()", "ProactorEventLoop", "call_soon()"} <= set(found)


def test_short_sections_are_searched_for_terms_too() -> None:
    report = analyse(made(("paragraph", "The parcel came on Monday. The parcel was heavy.")))
    assert report["coverage"] == 1.0
    assert report["confidence"] == 0.0


@pytest.mark.parametrize("text", ["Hello.", "The and of.", "x", "…", "A single line about event loops."])
def test_one_line_gives_no_themes_and_little_confidence(text: str) -> None:
    document = made(("paragraph", text))
    report = analyse(document)
    assert of_kind(report, "theme") == []
    assert report["confidence"] < 0.2
