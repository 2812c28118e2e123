"""How the sample PEPs are made, as a careful reader sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from langgraph_quorum.nodes.documents.model import Document
from langgraph_quorum.nodes.specialists.document.code_blocks import code_blocks, recognised
from langgraph_quorum.nodes.specialists.document.link_targets import malformation
from langgraph_quorum.nodes.specialists.document.python_code import read_python
from langgraph_quorum.nodes.specialists.document.report import Report
from langgraph_quorum.nodes.specialists.document.technical import analyse
from tests.specialists.poor_documents import PAPER_WITH_FAULTS
from tests.specialists.reports import of_kind
from tests.specialists.samples import PEPS, made, pep, written


def faults(report: Report) -> list[str]:
    return [finding["kind"] for finding in report["findings"] if finding.get("severity") in {"error", "warning"}]


def languages(document: Document) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for code in code_blocks(document):
        found.setdefault(code.language, []).append(code.line or 0)
    return found


def test_the_top_sections_of_pep_257_are_those_of_its_table_of_contents() -> None:
    data = of_kind(analyse(pep(257)), "outline")[0]["data"]
    assert isinstance(data["sections"], list)
    assert [section["title"] for section in data["sections"]] == [
        "Abstract", "Rationale", "Specification", "References and Footnotes", "Copyright", "Acknowledgements",
    ]  # fmt: skip
    assert data["bare"] == ["References and Footnotes"]


def test_the_code_of_pep_8_is_sound_python_even_where_it_is_bad_style() -> None:
    report = analyse(pep(8))
    assert faults(report) == []
    assert report["measures"]["python_blocks"] >= 75
    assert 554 in languages(pep(8))["python"]  # ham[lower+offset : upper+offset] and its kin, spaced oddly on purpose


def test_the_session_of_pep_257_is_python_2() -> None:
    (fault,) = of_kind(analyse(pep(257)), "outdated_code")
    assert fault["quote"] == ">>> print repr(foo.__doc__)"
    assert "Python 2's print" in fault["text"]
    assert pep(257).raw_lines[fault["where"]["line"] - 1].strip() == fault["quote"]


def test_async_as_a_name_in_pep_492_is_told_from_a_mistake() -> None:
    (fault,) = of_kind(analyse(pep(492)), "outdated_code")
    assert fault["quote"] == "async = 42"
    assert fault["where"].get("line") == 851


def test_the_grammars_of_pep_492_are_no_python() -> None:
    found = languages(pep(492))
    assert found["ebnf"] == [247, 253, 916, 959]
    assert found["text"] == [1220]  # the output of the benchmark, which its author calls text
    assert not set(found["ebnf"]) & set(found["python"])


def test_code_of_pep_654_that_shows_syntax_errors_on_purpose_is_no_fault() -> None:
    report = analyse(pep(654))
    assert of_kind(report, "code_syntax_error") == []
    on_purpose = [finding["data"]["broken_on_purpose"] for finding in of_kind(report, "code_blocks")]
    assert [1038, 1073] in on_purpose


def test_two_listings_side_by_side_in_pep_654_are_not_read_as_one() -> None:
    assert 713 in languages(pep(654))[""]


def test_the_sessions_of_pep_654_are_recognised() -> None:
    assert {182, 249, 279, 328, 344, 384} <= set(languages(pep(654))["pycon"])


def test_markup_that_pep_3156_and_pep_492_leave_standing_is_found() -> None:
    (underscores,) = of_kind(analyse(pep(3156)), "dead_markup")
    assert underscores["data"]["words"] == ["_not_", "_should_"]
    assert underscores["data"]["lines"] == [1839, 1856]
    (stars,) = of_kind(analyse(pep(492)), "dead_markup")
    assert stars["quote"] == "*generator-based coroutines*"


def test_the_event_loop_interface_is_most_of_pep_3156() -> None:
    (lopsided,) = of_kind(analyse(pep(3156)), "lopsided_section")
    assert lopsided["quote"] == "Event Loop Interface Specification"
    assert lopsided["value"] == pytest.approx(0.64, abs=0.03)


def test_the_sample_peps_have_no_broken_reference_and_no_skipped_level() -> None:
    for number in PEPS:
        found = {finding["kind"] for finding in analyse(pep(number))["findings"]}
        assert not found & {"broken_reference", "malformed_target", "skipped_heading_level", "code_syntax_error"}, (
            number
        )


def test_a_broken_block_that_claims_to_be_python_is_an_error_at_its_line(tmp_path: Path) -> None:
    text = "Title\n=====\n\nText.\n\n.. code-block:: python\n\n   x = 1\n   y = (2\n   z = 3\n"
    document = written(tmp_path, "broken.rst", text)
    (fault,) = of_kind(analyse(document), "code_syntax_error")
    assert fault["severity"] == "error"
    assert fault["where"]["line"] == 9  # the bracket that is never closed
    assert fault["quote"] == "y = (2"


def test_an_unknown_target_in_rst_is_a_broken_reference(tmp_path: Path) -> None:
    document = written(tmp_path, "ref.rst", "Title\n=====\n\nSee `Nowhere`_ for more.\n")
    assert "broken_reference" in faults(analyse(document))


def test_an_anchor_without_a_heading_in_markdown_is_a_broken_reference(tmp_path: Path) -> None:
    text = "# One\n\nSee [two](#two) and [one](#one).\n\n### Three\n\nText.\n"
    report = analyse(written(tmp_path, "page.md", text))
    assert [finding["data"]["target"] for finding in of_kind(report, "broken_reference")] == ["#two"]
    assert [finding["quote"] for finding in of_kind(report, "skipped_heading_level")] == ["Three"]


def test_repeated_layout_faults_are_one_finding_with_their_lines(tmp_path: Path) -> None:
    report = analyse(written(tmp_path, "blanks.txt", "One line. \nTwo\tlines.\nThree lines.  \n"))
    (trailing,) = of_kind(report, "trailing_white_space")
    assert trailing["data"]["lines"] == [1, 3]
    assert of_kind(report, "tab")[0]["data"]["lines"] == [2]


def test_a_correct_document_has_no_fault(tmp_path: Path) -> None:
    text = "Title\n=====\n\nA sentence with `a link <https://example.org/>`_.\n\n::\n\n    def f():\n        ...\n"
    assert [one for one in analyse(written(tmp_path, "fine.rst", text))["findings"] if "severity" in one] == []


@pytest.mark.parametrize(
    "text",
    [
        "if foo is not None:",
        "try:\n    . . .\nexcept E:\n    # handled",
        "x = ...",
        "return 1",
    ],
)
def test_partial_python_is_python_without_a_fault(text: str) -> None:
    reading = read_python(text)
    assert reading.certain
    assert reading.faults == ()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ('{"a": [1, 2]}', "json"),
        ("$ pip install x", "console"),
        ("pip install langgraph", "bash"),
        ("#!/bin/sh\necho hi", "bash"),
        ("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", "diff"),
        ("BlockingIOError\nOSError", ""),
        ("binary(19) * 30: total 53.321s", ""),
    ],
)
def test_other_languages_are_told_by_sure_signs_only(text: str, language: str) -> None:
    assert recognised(text) == language


@pytest.mark.parametrize(
    ("target", "sound"),
    [
        ("https://example.org/a?b#c", True), ("mailto:a@example.org", True), ("../a/b.md", True), ("#part", True),
        ("https:///path", False), ("http://exa mple.org", False), ("www.example.org", False), ("mailto:nobody", False),
        ("", False), ("https://[::1", False),
    ],
)  # fmt: skip
def test_targets_are_judged_by_their_form(target: str, sound: bool) -> None:
    assert (malformation(target) == "") is sound


def test_an_empty_document_holds_nothing_that_could_be_looked_at() -> None:
    assert analyse(made())["coverage"] == 0.0


def test_a_letter_without_headings_has_none_that_were_not_analysed(tmp_path: Path) -> None:
    assert (
        analyse(written(tmp_path, "letter.txt", "Dear Ann,\n\nThe parcel is here. It is heavy.\n"))["coverage"] == 1.0
    )


def test_pages_instead_of_lines_are_no_obstacle() -> None:
    report = analyse(PAPER_WITH_FAULTS)
    assert {"malformed_target", "code_syntax_error"} <= set(faults(report))


def test_names_left_out_of_an_import_are_no_fault() -> None:
    assert read_python("from _typeshed import ...\nx: int = 1").faults == ()
