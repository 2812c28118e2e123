"""The style of the sample PEPs, as a careful reader finds it."""

from __future__ import annotations

import pytest

from langgraph_quorum.nodes.specialists.document.clauses import passives
from langgraph_quorum.nodes.specialists.document.linguistic import analyse
from langgraph_quorum.nodes.specialists.document.readability import lexical_diversity, syllables
from tests.specialists.poor_documents import FOREIGN
from tests.specialists.reports import kinds, of_kind
from tests.specialists.samples import made, pep


def test_public_and_internal_interfaces_is_the_hardest_section_of_pep_8() -> None:
    (hardest,) = of_kind(analyse(pep(8)), "hardest_section")
    assert hardest["where"]["section"] == "Public and Internal Interfaces"
    assert "Flesch-Kincaid grade" in hardest["text"]


def test_one_line_docstrings_is_the_easiest_section_of_pep_257() -> None:
    (easiest,) = of_kind(analyse(pep(257)), "easiest_section")
    assert easiest["where"]["section"] == "One-line Docstrings"


def test_the_general_chapters_are_the_hard_ones_of_pep_3156() -> None:
    hard = [finding["where"]["section"] for finding in of_kind(analyse(pep(3156)), "hardest_section", "hard_section")]
    assert hard[:2] == ["Interoperability", "Transports and Protocols"]


def test_the_zen_reads_easiest_and_exception_groups_hardest() -> None:
    grade = {number: analyse(pep(number))["measures"]["flesch_kincaid_grade"] for number in (20, 257, 654)}
    assert grade[20] < grade[257] < grade[654]


def test_pep_654_spells_behaviour_in_british_and_in_american() -> None:
    (variant,) = of_kind(analyse(pep(654)), "spelling_variant")
    assert '"behaviour"' in variant["text"]
    assert '"behavior"' in variant["text"]


def test_pep_3156_hyphenates_third_party_only_at_times() -> None:
    texts = [finding["text"] for finding in of_kind(analyse(pep(3156)), "spelling_variant")]
    assert any('"third-party"' in text and '"third party"' in text for text in texts)
    assert any('"top-level"' in text and '"toplevel"' in text for text in texts)


def test_pep_8_writes_one_liner_with_and_without_hyphen() -> None:
    texts = [finding["text"] for finding in of_kind(analyse(pep(8)), "spelling_variant")]
    assert any('"one-liners"' in text and '"one liner"' in text for text in texts)
    assert not any("typesetting" in text for text in texts), "a word of a book's title is its author's"


def test_splitting_by_type_is_the_longest_sentence_of_pep_654_though_its_list_of_names_is_longer() -> None:
    longest = of_kind(analyse(pep(654)), "long_sentence")[0]
    assert longest["quote"].startswith("Since splitting by exception type is a very common use case")


def test_recognized_by_the_compiler_is_a_passive_of_pep_257_that_names_who_acts() -> None:
    quotes = [finding["quote"] for finding in of_kind(analyse(pep(257)), "passive_with_agent")]
    assert any("not recognized by the Python bytecode compiler" in quote for quote in quotes)


def test_the_ultimate_goal_of_pep_492_is_redundant() -> None:
    texts = [finding["text"] for finding in of_kind(analyse(pep(492)), "style_fault")]
    assert any("ultimate goal" in text for text in texts)


def test_neither_dunder_names_nor_product_names_nor_quotation_marks_are_faults_of_pep_8() -> None:
    texts = " ".join(finding["text"] for finding in of_kind(analyse(pep(8)), "style_fault"))
    assert "mail carrier" not in texts
    assert "né" not in texts
    assert "curly" not in texts


def test_syllables_are_those_that_are_heard() -> None:
    words = "the rule table called handled nested coroutine asynchronous variable implementation period create unique"
    heard = [1, 1, 2, 1, 2, 2, 3, 4, 4, 5, 3, 2, 2]
    assert [syllables(word) for word in words.split()] == heard


def test_passives_are_told_from_perfects_and_adjectives() -> None:
    assert passives("The loop is usually stopped by a callback.") == [("is usually stopped", True)]
    assert passives("It has stopped, it is related, and it was red.") == []


def test_diversity_does_not_fall_when_the_same_text_goes_on() -> None:
    words = ("one fish two fish red fish blue fish and a cat sat on the mat with my hat while rain fell " * 5).split()
    assert lexical_diversity(words * 4) == pytest.approx(lexical_diversity(words), rel=0.25)


def test_one_line_is_measured_with_little_confidence() -> None:
    document = made(("paragraph", "The cat sat on the mat."))
    report = analyse(document)
    assert report["confidence"] < 0.1
    assert report["measures"]["words"] == 6


def test_french_is_not_graded() -> None:
    assert kinds(analyse(FOREIGN["French"])) == ["not_english"]
