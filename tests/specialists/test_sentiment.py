"""The tone of the sample PEPs, as a careful reader hears it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from langgraph_quorum.nodes.documents.model import Document
from langgraph_quorum.nodes.specialists.document.report import Report
from langgraph_quorum.nodes.specialists.document.sentiment import analyse
from langgraph_quorum.nodes.specialists.document.valence import valence

PepReader = Callable[[int], Document]
ReportCheck = Callable[[Document, Report], None]
DocumentMaker = Callable[..., Document]


def quotes(report: Report, kind: str) -> list[str]:
    return [finding["quote"] for finding in report["findings"] if finding["kind"] == kind]


def sections(report: Report, kind: str) -> list[str]:
    return [finding["where"]["section"] for finding in report["findings"] if finding["kind"] == kind]


@pytest.mark.parametrize("number", [8, 20, 257, 492, 654, 3156])
def test_every_quote_stands_where_the_finding_says(pep: PepReader, honest: ReportCheck, number: int) -> None:
    honest(pep(number), analyse(pep(number)))


def test_the_dirty_looks_are_the_most_negative_sentence_of_pep_257(pep: PepReader) -> None:
    assert quotes(analyse(pep(257)), "negative_sentence")[0].startswith("If you violate these conventions, the worst")


def test_the_thanks_are_the_most_positive_section_of_pep_3156(pep: PepReader) -> None:
    assert sections(analyse(pep(3156)), "positive_section")[0] == "Acknowledgments"


def test_the_appreciation_is_the_most_positive_section_of_pep_654(pep: PepReader) -> None:
    assert sections(analyse(pep(654)), "positive_section")[0] == "Acknowledgements"


def test_the_promise_of_the_abstract_is_the_most_positive_section_of_pep_492(pep: PepReader) -> None:
    assert sections(analyse(pep(492)), "positive_section")[0] == "Abstract"


def test_async_keywords_as_a_huge_benefit_is_the_most_positive_sentence_of_pep_492(pep: PepReader) -> None:
    assert quotes(analyse(pep(492)), "positive_sentence")[0].startswith("This is a huge benefit")


def test_the_zen_praises_more_than_it_blames(pep: PepReader) -> None:
    report = analyse(pep(20))
    assert report["measures"]["mean_compound"] > 0.05
    assert "If the implementation is hard to explain, it's a bad idea." in quotes(report, "negative_sentence")
    assert "Namespaces are one honking great idea -- let's do more of those!" in quotes(report, "positive_sentence")


def test_contradicting_comments_and_hurt_readability_are_among_the_hard_words_of_pep_8(pep: PepReader) -> None:
    found = quotes(analyse(pep(8)), "negative_sentence")
    assert any(quote.startswith("Comments that contradict the code are worse") for quote in found)
    assert any("hurt readability" in quote for quote in found)


def test_the_mess_of_names_makes_naming_conventions_a_negative_section_of_pep_8(pep: PepReader) -> None:
    assert "Naming Conventions" in sections(analyse(pep(8)), "negative_section")


def test_a_document_on_exceptions_and_errors_is_not_negative_for_its_subject(pep: PepReader) -> None:
    report = analyse(pep(654))
    assert -0.05 < report["measures"]["mean_compound"] < 0.1


def test_the_motivation_of_pep_654_weighs_difficulties_against_hopes(pep: PepReader) -> None:
    assert "Motivation" in sections(analyse(pep(654)), "mixed_section")


def test_technical_words_and_names_carry_no_feeling() -> None:
    assert valence("The task is killed and raises an error when a blocking argument is cancelled.").compound == 0
    assert valence("The patch by Rob Cliffe passes no arguments.").words == ()


def test_a_feeling_about_a_technical_matter_is_still_heard() -> None:
    assert valence("This error message is ugly and confusing.").compound < -0.3
    assert valence("This exception is helpful.").compound > 0.3


def test_the_same_document_gives_the_same_report(pep: PepReader) -> None:
    assert analyse(pep(257)) == analyse(pep(257))


def test_a_document_of_code_alone_has_no_tone(made: DocumentMaker, honest: ReportCheck) -> None:
    document = made(("code", "raise Horrible('ugly')"), ("table", "good | bad"))
    report = analyse(document)
    honest(document, report)
    assert report["findings"] == []
    assert report["coverage"] == 0
    assert report["confidence"] == 0


def test_one_line_is_judged_with_little_confidence(made: DocumentMaker, honest: ReportCheck) -> None:
    document = made(("paragraph", "This is a wonderful library."))
    report = analyse(document)
    honest(document, report)
    assert report["confidence"] < 0.2
    assert report["measures"]["mean_compound"] > 0.3


def test_german_is_told_from_english_and_not_trusted(made: DocumentMaker, honest: ReportCheck) -> None:
    text = (
        "Die Katze sitzt auf dem Dach und schaut in den Garten, weil dort ein Vogel singt. "
        "Niemand weiß, warum der Hund heute so laut bellt und nicht schlafen will."
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
