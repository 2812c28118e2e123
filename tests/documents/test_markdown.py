"""Markdown."""

import logging
from pathlib import Path

import pytest

from langgraph_quorum.nodes.documents import Document, parse
from langgraph_quorum.nodes.documents.markdown_lint import LINES_CHECKED, LINES_PER_PART, LONGEST_PART
from langgraph_quorum.state.errors import DocumentError


def md(text: str) -> Document:
    return parse(text.encode(), source="a.md")


def shapes(document: Document) -> list[tuple[str, int, str, int, int]]:
    return [
        (block.kind, block.level, block.text, block.place["line"], block.place["end_line"]) for block in document.blocks
    ]


def rules(document: Document) -> list[tuple[str, int]]:
    return [(fault.rule, fault.place["line"]) for fault in document.faults]


def test_blocks_stand_on_their_lines() -> None:
    document = md(
        "# One *two*\n\nText `code`\nmore.\n\nSetext\n------\n\n- a\n  b\n- c\n\n  d\n\n  1. e\n\n     > f\n\n"
        "> g\n> h\n\n```python title=x\nprint(1)\n```\n\n    indented\n"
    )
    assert shapes(document) == [
        ("heading", 1, "One two", 1, 1),
        ("paragraph", 0, "Text code\nmore.", 3, 4),
        ("heading", 2, "Setext", 6, 6),
        ("list_item", 1, "a\nb", 9, 10),
        ("list_item", 1, "c", 11, 11),
        ("list_item", 1, "d", 13, 13),
        ("list_item", 2, "e", 15, 15),
        ("quote", 0, "f", 17, 17),
        ("quote", 0, "g\nh", 19, 20),
        ("code", 0, "print(1)", 22, 24),
        ("code", 0, "indented", 26, 26),
    ]
    assert [block.language for block in document.of_kind("code")] == ["python", ""]
    assert document.title == "One two"
    assert document.blocks[4].place["section"] == "Setext"


def test_front_matter_is_metadata_and_gives_the_title() -> None:
    document = md('---\ntitle: "The Doc"\ntags:\n  - a\n# a comment\nurl: http://x.org\n---\n\nText.\n')
    assert document.title == "The Doc"
    assert shapes(document) == [
        ("metadata", 0, 'title: "The Doc"', 2, 2),
        ("metadata", 0, "tags:\n- a", 3, 4),
        ("metadata", 0, "url: http://x.org", 6, 6),
        ("paragraph", 0, "Text.", 9, 9),
    ]


def test_a_ruled_line_at_the_top_is_no_front_matter() -> None:
    assert [block.kind for block in md("---\n\nText.\n\n---\n\nMore.\n").blocks] == ["paragraph", "paragraph"]


def test_tables_are_rows_of_cells() -> None:
    document = md("| a | b |\n|---|---|\n| 1 | [`2`](t) |\n\nEnd.\n")
    assert shapes(document) == [("table", 0, "a | b\n1 | 2", 1, 3), ("paragraph", 0, "End.", 5, 5)]
    assert [(link.target, link.text, link.place["line"]) for link in document.links] == [("t", "2", 3)]


def test_links_of_every_form_are_found_on_their_lines() -> None:
    document = md(
        "See [the\ndoc](d \u00e4.md#x) no,\n[it](<d \u00e4.md#x>), <http://a.org>,\nhttp://b.org/x. and [r]\n"
        '<a href="h&amp;i.html">html</a> [![b](b.svg)](http://ci)\n\n[r]: ref.md\n'
    )
    assert [(link.target, link.text, link.place["line"]) for link in document.links] == [
        ("d \u00e4.md#x", "it", 3),
        ("http://a.org", "http://a.org", 3),
        ("http://b.org/x", "http://b.org/x", 4),
        ("ref.md", "r", 4),
        ("h&i.html", "html", 5),
        ("http://ci", "b", 5),
    ]


def test_html_blocks_are_read_as_html_and_comments_dropped() -> None:
    document = md("# T\n\n<!-- no -->\n\n<p>\n  <b>Bold</b> text <a href='x'>y</a>\n</p>\n\nInner *text*.\n")
    assert shapes(document)[1:] == [("paragraph", 0, "Bold text y", 6, 6), ("paragraph", 0, "Inner text.", 9, 9)]
    assert document.links[0].place == {"section": "T", "line": 6}


def test_faults_bear_pymarkdown_s_rules_and_their_lines() -> None:
    document = md("# T\n\n### x\ntext\n\nlong " + "word " * 20 + "end\n")
    found = [(fault.rule, fault.severity, fault.place["line"], fault.place["section"]) for fault in document.faults]
    assert found == [
        ("MD001", "warning", 3, "x"),
        ("MD022", "warning", 3, "x"),
        ("MD013", "info", 6, "x"),
    ]
    assert "Expected: h2; Actual: h3" in document.faults[0].message


def test_a_sound_file_has_no_faults() -> None:
    assert md("# T\n\nText.\n").faults == ()


def test_a_missing_last_line_end_is_a_fault() -> None:
    assert rules(md("# T\n\nText.")) == [("MD047", 3)]


def long_file(sections: int) -> str:
    """Each section has 40 lines; the reference it uses is defined at the very end of the file."""
    body = "\n".join(f"Line {n} of [text][ref]\n" for n in range(19))
    return "# T\n\n" + "".join(f"## S{n}\n\n{body}\n" for n in range(sections)) + "[ref]: http://x.org\n"


def test_a_long_file_is_checked_in_parts_without_faults_of_the_cutting() -> None:
    text = long_file(20)
    assert text.count("\n") > 2 * LINES_PER_PART
    assert md(text).faults == ()


def test_faults_behind_a_cut_have_the_lines_of_the_whole_file() -> None:
    text = long_file(20) + "\n#### Deep\n"
    assert rules(md(text)) == [("MD001", text.count("\n"))]


def test_what_is_not_checked_is_said() -> None:
    one_list = "# T\n\n" + "".join(f"- item {n}\n" for n in range(LONGEST_PART + 1))
    assert [(fault.rule, fault.severity) for fault in md(one_list).faults][-1] == ("pymarkdown", "info")
    rest = "# T\n\n" + "```text\n" + "x\n" * LINES_CHECKED + "```\n"
    assert [fault.message for fault in md(rest).faults][-1] == f"lines after {LINES_CHECKED} were not checked"


def test_a_linter_that_fails_leaves_a_notice_and_the_document_readable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".pymarkdown").write_text("{ not json")
    monkeypatch.chdir(tmp_path)
    document = md("# T\n\nText.\n")
    assert len(document.blocks) == 2
    assert [(fault.rule, fault.severity) for fault in document.faults] == [("pymarkdown", "info")]


def test_the_root_logger_keeps_its_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.getLogger(), "level", logging.ERROR)
    md("# T\n")
    assert logging.getLogger().level == logging.ERROR


def test_text_too_deep_for_the_parser_is_refused_rather_than_dropped() -> None:
    assert md("> " * 40 + "deep\n").blocks[0].text == "deep"
    with pytest.raises(DocumentError, match="nested too deeply"):
        md("> " * 80 + "deep\n")
