"""The tone of the sample PEPs, as a careful reader hears it."""

from __future__ import annotations

from langgraph_quorum.nodes.specialists.document.report import Report
from langgraph_quorum.nodes.specialists.document.sentiment import analyse
from langgraph_quorum.nodes.specialists.document.valence import valence
from tests.specialists.samples import made, pep


def quotes(report: Report, kind: str) -> list[str]:
    return [finding["quote"] for finding in report["findings"] if finding["kind"] == kind]


def sections(report: Report, kind: str) -> list[str]:
    return [finding["where"]["section"] for finding in report["findings"] if finding["kind"] == kind]


def test_the_dirty_looks_are_the_most_negative_sentence_of_pep_257() -> None:
    assert quotes(analyse(pep(257)), "negative_sentence")[0].startswith("If you violate these conventions, the worst")


def test_the_thanks_are_the_most_positive_section_of_pep_3156() -> None:
    assert sections(analyse(pep(3156)), "positive_section")[0] == "Acknowledgments"


def test_the_appreciation_is_the_most_positive_section_of_pep_654() -> None:
    assert sections(analyse(pep(654)), "positive_section")[0] == "Acknowledgements"


def test_the_promise_of_the_abstract_is_the_most_positive_section_of_pep_492() -> None:
    assert sections(analyse(pep(492)), "positive_section")[0] == "Abstract"


def test_async_keywords_as_a_huge_benefit_is_the_most_positive_sentence_of_pep_492() -> None:
    assert quotes(analyse(pep(492)), "positive_sentence")[0].startswith("This is a huge benefit")


def test_the_zen_praises_more_than_it_blames() -> None:
    report = analyse(pep(20))
    assert report["measures"]["mean_compound"] > 0.05
    assert "If the implementation is hard to explain, it's a bad idea." in quotes(report, "negative_sentence")
    assert "Namespaces are one honking great idea -- let's do more of those!" in quotes(report, "positive_sentence")


def test_contradicting_comments_and_hurt_readability_are_among_the_hard_words_of_pep_8() -> None:
    found = quotes(analyse(pep(8)), "negative_sentence")
    assert any(quote.startswith("Comments that contradict the code are worse") for quote in found)
    assert any("hurt readability" in quote for quote in found)


def test_the_mess_of_names_makes_naming_conventions_a_negative_section_of_pep_8() -> None:
    assert "Naming Conventions" in sections(analyse(pep(8)), "negative_section")


def test_a_document_on_exceptions_and_errors_is_not_negative_for_its_subject() -> None:
    report = analyse(pep(654))
    assert -0.05 < report["measures"]["mean_compound"] < 0.1


def test_the_motivation_of_pep_654_weighs_difficulties_against_hopes() -> None:
    assert "Motivation" in sections(analyse(pep(654)), "mixed_section")


def test_technical_words_and_names_carry_no_feeling() -> None:
    assert valence("The task is killed and raises an error when a blocking argument is cancelled.").compound == 0
    assert valence("The patch by Rob Cliffe passes no arguments.").words == ()


def test_a_feeling_about_a_technical_matter_is_still_heard() -> None:
    assert valence("This error message is ugly and confusing.").compound < -0.3
    assert valence("This exception is helpful.").compound > 0.3


def test_ugly_does_not_make_the_first_line_of_the_zen_positive() -> None:
    (beauty,) = [one for one in analyse(pep(20))["findings"] if one.get("quote") == "Beautiful is better than ugly."
                 and one["kind"] == "positive_sentence"]  # fmt: skip
    assert beauty["text"].endswith("by: beautiful, better.")
    assert beauty["data"]["words"] == ["beautiful", "better"]


def test_a_sentence_that_denies_a_good_word_is_negative_by_denying_it() -> None:
    (denial,) = [
        one
        for one in analyse(made(("paragraph", "The result is not good.")))["findings"]
        if one["kind"] == "negative_sentence"
    ]
    assert denial["text"].endswith(") by denying: good.")


def test_one_line_is_judged_with_little_confidence() -> None:
    document = made(("paragraph", "This is a wonderful library."))
    report = analyse(document)
    assert report["confidence"] < 0.2
    assert report["measures"]["mean_compound"] > 0.3
