"""What the sample PEPs lack and where they disagree with themselves, as a careful reader sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from langgraph_quorum.nodes.specialists.document.naming import heading_style
from langgraph_quorum.nodes.specialists.document.quality import analyse
from tests.specialists.poor_documents import UNFINISHED_PAPER
from tests.specialists.reports import kinds, of_kind
from tests.specialists.samples import made, pep, written


def test_pep_3156_was_left_with_two_marks() -> None:
    found = of_kind(analyse(pep(3156)), "unfinished_mark")
    assert [finding["where"].get("line") for finding in found] == [298, 2062]
    assert all(finding["severity"] == "warning" for finding in found)


def test_pep_3156_keeps_open_issues_that_it_calls_resolved() -> None:
    found = {finding["quote"]: finding for finding in of_kind(analyse(pep(3156)), "open_section")}
    assert set(found) == {"Wish List", "Open Issues"}
    assert found["Open Issues"]["data"]["points"] == 7
    assert found["Open Issues"]["data"]["settled"] is True
    assert found["Open Issues"]["severity"] == "info"


def test_six_of_the_seven_open_issues_of_pep_3156_ask_a_question() -> None:
    (found,) = [one for one in of_kind(analyse(pep(3156)), "open_section") if one["quote"] == "Open Issues"]
    assert "lists 7 points, 6 of them with a question; it says itself that they are settled." in found["text"]


def test_only_one_wish_of_pep_3156_is_left_and_two_were_since_implemented() -> None:
    (found,) = [one for one in of_kind(analyse(pep(3156)), "open_section") if one["quote"] == "Wish List"]
    assert found["text"] == "“Wish List” lists 1 point, and 2 that it says itself to be settled."


def test_issues_that_have_not_been_resolved_are_open(tmp_path: Path) -> None:
    text = "# Open issues\n\nThese have not been resolved:\n\n- Who pays?\n"
    (found,) = of_kind(analyse(written(tmp_path, "text.md", text)), "open_section")
    assert (found["severity"], found["text"]) == ("warning", "“Open issues” lists 1 point, with a question.")


def test_pep_3156_refers_to_a_section_named_context_that_it_does_not_have() -> None:
    (missing,) = of_kind(analyse(pep(3156)), "missing_section")
    assert missing["data"]["section"] == "Context"
    assert missing["quote"] == '(See the "Context" section way above.)'


def test_one_question_of_pep_3156_breaks_off() -> None:
    (broken,) = of_kind(analyse(pep(3156)), "breaks_off")
    assert broken["quote"].endswith("callbacks taking too much time...")


def test_pep_3156_repeats_what_its_most_common_transport_is() -> None:
    repeated = {one["quote"]: one["data"]["lines"] for one in of_kind(analyse(pep(3156)), "repeated_sentence")}
    assert repeated["The most common type of transport is a bidirectional stream transport."] == [188, 1207]


def test_four_headings_of_pep_3156_are_written_unlike_the_rest() -> None:
    (mixed,) = of_kind(analyse(pep(3156)), "mixed_heading_styles")
    assert mixed["data"]["headings"] == [
        "Thread interaction", "Internet name lookups", "Internet connections", "Signal callbacks",
    ]  # fmt: skip


def test_pep_3156_never_says_what_iocp_is() -> None:
    assert [finding["data"]["acronym"] for finding in of_kind(analyse(pep(3156)), "unexplained_acronym")] == ["IOCP"]


def test_the_references_of_pep_257_are_empty_to_a_reader() -> None:
    assert [finding["quote"] for finding in of_kind(analyse(pep(257)), "empty_section")] == ["References and Footnotes"]


def test_the_references_of_pep_8_are_complete_since_its_labelled_footnote_is_shown_as_one() -> None:
    assert of_kind(analyse(pep(8)), "numbering_gap") == []


def test_each_footnote_without_a_number_fills_one_gap_between_the_numbered_ones(tmp_path: Path) -> None:
    notes = ".. [2] Two.\n.. [#] One.\n.. [5] Five.\n.. [#why] Three.\n.. [6] Six.\n"
    (jump,) = of_kind(analyse(written(tmp_path, "text.rst", f"Notes\n=====\n\nText.\n\n{notes}")), "numbering_gap")
    assert jump["text"] == "The numbered references run from [1] to [6]; missing: [4]."


def test_pep_654_is_final_and_still_promises_an_addition() -> None:
    (promise,) = of_kind(analyse(pep(654)), "promised_later")
    assert promise["quote"] == "BaseExceptionGroup will be added soon."
    assert "Final" in promise["text"]


def test_pep_654_was_posted_again_after_its_acceptance() -> None:
    (dates,) = of_kind(analyse(pep(654)), "dates_disagree")
    assert "2021-09-24" in dates["text"]
    assert "2021-10-03" in dates["text"]


def test_pep_492_says_what_it_leaves_out() -> None:
    assert {"Comprehensions", "Async lambda functions", "Coroutine-generators"} == {
        finding["where"]["section"] for finding in of_kind(analyse(pep(492)), "left_out")
    }


def test_an_open_issue_of_python_is_none_of_pep_654() -> None:
    found = kinds(analyse(pep(654)))
    assert "open_section" not in found
    assert "undecided" not in found


def test_finished_peps_get_no_false_alarm() -> None:
    for number in (8, 20, 492, 654):
        assert not [one for one in analyse(pep(number))["findings"] if one.get("severity") == "warning"]
    assert kinds(analyse(pep(20))) == []


MARK = "TO" + "DO"


def test_to_speak_of_a_mark_is_not_to_have_one() -> None:
    document = made(
        ("paragraph", f"Put {MARK} comments into the code, such as {MARK} or FIXME, and grep for the word TBD."),
        ("paragraph", f'The linter reports a line with the mark "{MARK}: name" in it as a warning.'),
        ("paragraph", "If the future is not yet done, the value is to be determined by the caller of the method."),
    )
    assert kinds(analyse(document)) == []


@pytest.mark.parametrize(
    "text",
    [f"{MARK}: describe the errors.", "The limit is TBD.", "[TBD]", "FIXME (ann): wrong number.", "Deadline: TBD",
     "The date is still to be determined.", "This part is not yet written."],
)  # fmt: skip
def test_a_mark_of_unfinished_work_is_found(text: str) -> None:
    assert set(kinds(analyse(made(("paragraph", text))))) <= {"unfinished_mark", "undecided"}
    assert len(kinds(analyse(made(("paragraph", text))))) == 1


def test_announcements_with_nothing_after_them_are_gaps(tmp_path: Path) -> None:
    text = "One\n===\n\nThe following steps are needed:\n\nTwo\n===\n\nDetails are described below.\n"
    found = analyse(written(tmp_path, "text.rst", text))
    assert [finding["kind"] for finding in found["findings"]] == ["announced_missing", "points_to_nothing"]


def test_a_section_named_a_little_differently_is_told_from_a_missing_one(tmp_path: Path) -> None:
    text = 'Error Handling\n==============\n\nText here.\n\nUse\n===\n\nSee the section "Errors Handling" for more.\n'
    (finding,) = of_kind(analyse(written(tmp_path, "text.rst", text)), "section_named_differently")
    assert finding["data"]["heading"] == "Error Handling"


def test_opposite_demands_in_the_same_words_contradict() -> None:
    document = made(
        ("paragraph", "Visitors must wear a badge at all times."),
        ("paragraph", "Visitors must not wear a badge at all times."),
        ("paragraph", "Drivers must stop at the gate when the light is red."),
        ("paragraph", "Drivers must not stop at the gate when the light is green."),
    )
    assert [one["quote"] for one in of_kind(analyse(document), "contradiction")] == [
        "Visitors must not wear a badge at all times."
    ]


def test_a_jump_in_numbered_headings_is_found() -> None:
    headings = ("1 Scope", "2 Terms", "2.1 Words", "2.3 Signs", "4 Duties")
    document = made(
        *(item for title in headings for item in (("heading", title), ("paragraph", "Something is said here.")))
    )
    assert [finding["quote"] for finding in of_kind(analyse(document), "numbering_gap")] == ["2.3 Signs", "4 Duties"]


@pytest.mark.parametrize(
    ("heading", "style"),
    [("Mutual Exclusion of Callbacks", "title case"), ("Internet name lookups", "sentence case"), ("Locks", ""),
     ("types.coroutine()", ""), ("Why StopAsyncIteration?", ""), ("Tabs or Spaces?", "title case")],
)  # fmt: skip
def test_the_style_of_a_heading_is_judged_by_its_telling_words(heading: str, style: str) -> None:
    assert heading_style(heading, frozenset()) == style


def test_a_correct_document_has_no_finding(tmp_path: Path) -> None:
    text = (
        'Opening Hours\n=============\n\nThe library opens at nine. See the section "House Rules" below.\n\n'
        "House Rules\n===========\n\nThe rules are these:\n\n- Be quiet.\n- Return books in time.\n"
    )
    report = analyse(written(tmp_path, "text.rst", text))
    assert report["findings"] == []
    assert report["headline"].startswith("No gap")


def test_pages_instead_of_lines_are_no_obstacle() -> None:
    report = analyse(UNFINISHED_PAPER)
    assert kinds(report) == ["unfinished_mark", "empty_section"]


def test_a_disclaimer_in_capitals_is_no_acronym() -> None:
    document = made(
        ("paragraph", "THE SOFTWARE IS PROVIDED AS IS. IN NO EVENT SHALL THE AUTHORS OF THE SOFTWARE BE LIABLE.")
    )
    assert of_kind(analyse(document), "unexplained_acronym") == []
