"""The sentences that stand for the sample PEPs, as a careful reader would choose them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from langgraph_quorum.nodes.specialists.document.centrality import diverse, lexrank, similarities
from langgraph_quorum.nodes.specialists.document.report import Report
from langgraph_quorum.nodes.specialists.document.summary import analyse
from tests.specialists.poor_documents import ESSAY, FOREIGN
from tests.specialists.samples import PEPS, made, pep, written


def chosen(report: Report) -> list[str]:
    return [finding["quote"] for finding in report["findings"] if finding["kind"] == "summary_sentence"]


def key_sentences(report: Report) -> dict[object, str]:
    return {one["data"]["section"]: one["quote"] for one in report["findings"] if one["kind"] == "key_sentence"}


@pytest.mark.parametrize(
    ("number", "beginning"),
    [
        (8, "This document gives coding conventions for the Python code comprising the standard library"),
        (8, "One of Guido's key insights is that code is read much more often than it is written."),
        (20, "Long time Pythoneer Tim Peters succinctly channels the BDFL's guiding principles"),
        (257, "This PEP documents the semantics and conventions associated with Python docstrings."),
        (257, "The aim of this PEP is to standardize the high-level structure of docstrings"),
        (492, "It is proposed to make coroutines a proper standalone concept in Python"),
        (654, "This document proposes language extensions that allow programs to raise and handle"),
        (654, "The purpose of this PEP, then, is to add the ExceptionGroup builtin type and the except* syntax"),
        (3156, "This is a proposal for asynchronous I/O in Python 3"),
        (3156, "The proposal includes a pluggable event loop, transport and protocol abstractions"),
    ],
)
def test_the_summary_has_the_sentence_a_reader_would_quote(number: int, beginning: str) -> None:
    assert any(quote.startswith(beginning) for quote in chosen(analyse(pep(number))))


def test_the_headline_says_what_the_document_is_for() -> None:
    assert analyse(pep(8))["headline"].startswith("This document gives coding conventions for the Python code")
    assert analyse(pep(257))["headline"].startswith("This PEP documents the semantics and conventions")


def test_the_summary_is_in_the_order_of_the_document_and_of_three_to_seven_sentences() -> None:
    for number in PEPS:
        lines = [
            finding["where"]["line"]
            for finding in analyse(pep(number))["findings"]
            if finding["kind"] == "summary_sentence"
        ]
        assert lines == sorted(lines)
        assert 3 <= len(lines) <= 7
    assert len(chosen(analyse(pep(20)))) < len(chosen(analyse(pep(3156))))


def test_thanks_copyright_and_references_are_never_chosen() -> None:
    for number in PEPS:
        for finding in analyse(pep(number))["findings"]:
            assert finding["where"]["section"] not in {"Copyright", "References", "Acknowledgments", "Acknowledgements"}


def test_each_major_section_of_pep_8_has_the_key_sentence_a_reader_would_pick() -> None:
    keys = key_sentences(analyse(pep(8)))
    assert keys["Introduction"].startswith("This document gives coding conventions")
    assert keys["Comments"] == "Comments that contradict the code are worse than no comments."
    assert keys["Whitespace in Expressions and Statements"].startswith("Avoid extraneous whitespace")
    assert keys["When to Use Trailing Commas"].startswith("Trailing commas are usually optional")


def test_the_motivation_of_pep_654_is_that_only_one_exception_can_propagate() -> None:
    keys = key_sentences(analyse(pep(654)))
    assert keys["Motivation"] == "The interpreter is currently able to propagate at most one exception at a time."


def test_the_event_loop_section_of_pep_3156_is_about_its_policy() -> None:
    key = key_sentences(analyse(pep(3156)))["Event Loop Interface Specification"]
    assert key.startswith("Event loop management is controlled by an event loop policy")


def test_a_repeated_sentence_is_chosen_once(tmp_path: Path) -> None:
    claim = "The committee recommends a new bridge over the river Elbe near Dresden."
    other = "Traffic on the old bridge has doubled since the year it opened to the public."
    third = "Boats still pass under both arches of the bridge in summer and in winter."
    text = f"{claim}\n\n{claim}\n\n{other}\n\n{third}\n\n{claim}\n"
    assert chosen(analyse(written(tmp_path, "twice.txt", text))).count(claim) == 1


def test_centrality_is_highest_for_the_text_most_like_the_others() -> None:
    texts = ["red apples taste sweet", "apples grow", "sweet red apples grow and taste fine", "fish swim far"]
    assert int(np.argmax(lexrank(similarities(texts)))) == 2
    assert lexrank(similarities([])).tolist() == []
    assert lexrank(similarities(["...", "!"])).tolist() == [1.0, 1.0]


def test_a_second_choice_is_unlike_the_first() -> None:
    similarity = np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]])
    # 0.7 * 0.9 - 0.3 * 0.9 = 0.36 for the likeness, 0.7 * 0.6 - 0 = 0.42 for the other
    assert diverse([1.0, 0.9, 0.6], similarity, 2) == [0, 2]


def test_a_short_text_is_its_own_summary() -> None:
    report = analyse(made(("paragraph", "The library closes at eight on working days.")))
    assert chosen(report) == ["The library closes at eight on working days."]
    assert report["confidence"] < 0.2


def test_text_that_is_not_english_is_summarised_all_the_same() -> None:
    assert len(chosen(analyse(FOREIGN["German in paragraphs"]))) == 3


def test_a_question_a_greeting_and_the_references_are_nothing_that_a_summary_failed_to_read(tmp_path: Path) -> None:
    letter = "Dear Ann,\n\nThe parcel came on Monday. Why is it so heavy?\n\n"
    references = "References\n==========\n\nThe book of parcels and letters.\n"
    assert analyse(written(tmp_path, "letter.rst", letter + references))["coverage"] == 1.0


def test_a_sentence_of_code_is_something_that_a_summary_could_not_use() -> None:
    document = made(("paragraph", "The parcel came on Monday."), ("paragraph", "a=1 b=2 c=3 d=4 e=5."))
    assert analyse(document)["coverage"] == 0.5


def test_a_word_is_no_sentence_to_choose() -> None:
    report = analyse(made(("paragraph", "Yes.")))
    assert report["findings"] == []
    assert report["coverage"] == report["confidence"] == 0.0


def test_pages_instead_of_lines_are_no_obstacle() -> None:
    report = analyse(ESSAY)
    assert [finding["where"]["page"] for finding in report["findings"]] == [1, 2, 3]
