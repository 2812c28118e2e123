"""reStructuredText: kinds, levels and texts of blocks, their lines, links and faults."""

from pathlib import Path

import pytest
from docutils.parsers.rst import directives, roles

from langgraph_quorum.nodes.documents import Document, parse
from langgraph_quorum.state.errors import DocumentError


def rst(text: str) -> Document:
    return parse(text.encode(), source="a.rst")


def shapes(document: Document) -> list[tuple[str, int, str]]:
    return [(block.kind, block.level, block.text) for block in document.blocks]


def test_a_paragraph_with_a_colon_is_no_header() -> None:
    assert shapes(rst("Note: this is prose\nover two lines.\n")) == [
        ("paragraph", 0, "Note: this is prose\nover two lines.")
    ]


def test_field_lists_are_metadata_before_any_prose_and_items_behind() -> None:
    document = rst("Title\n=====\n\n:Author: Ann\n:Date: 2026\n\nText.\n\n:param x: how many\n")
    assert shapes(document)[1:] == [
        ("metadata", 0, "Author: Ann"),
        ("metadata", 0, "Date: 2026"),
        ("paragraph", 0, "Text."),
        ("list_item", 1, "param x: how many"),
    ]
    assert [block.place["line"] for block in document.blocks] == [1, 4, 5, 7, 9]


def test_lists_nest_and_their_paragraphs_are_blocks_of_their_own() -> None:
    document = rst("- a\n- a\n\n  second\n\n  1. in\n     side\n\n     * deep\n\n    quoted\n")
    assert shapes(document) == [
        ("list_item", 1, "a"),
        ("list_item", 1, "a"),
        ("list_item", 1, "second"),
        ("list_item", 2, "in\nside"),
        ("list_item", 3, "deep"),
        ("quote", 0, "quoted"),
    ]
    assert [(block.place["line"], block.place["end_line"]) for block in document.blocks] == [
        (1, 1),
        (2, 2),
        (4, 4),
        (6, 7),
        (9, 9),
        (11, 11),
    ]


def test_definitions_quotes_verses_and_footnotes_are_blocks() -> None:
    document = rst(
        "term : kind\n    What it is.\n\nProse [1]_.\n\n    Said so.\n\n    -- Ann\n\n"
        "| one\n| two\n\n.. [1] The note.\n"
    )
    assert shapes(document) == [
        ("list_item", 1, "term"),
        ("list_item", 1, "What it is."),
        ("paragraph", 0, "Prose [1]."),
        ("quote", 0, "Said so."),
        ("quote", 0, "Ann"),
        ("paragraph", 0, "one\ntwo"),
        ("paragraph", 0, "The note."),
    ]
    assert [block.place["line"] for block in document.blocks] == [1, 2, 4, 6, 8, 10, 13]


def test_code_has_the_language_its_author_named() -> None:
    document = rst(
        "Text::\n\n    literal\n\n>>> 1\n1\n\n"
        ".. code-block:: c\n   :linenos:\n   :caption: C\n\n   int x;\n\n   int y;\n\n"
        ".. code::\n\n   bare\n\n.. math:: a^2\n"
    )
    assert [(block.text, block.language, block.place["line"]) for block in document.of_kind("code")] == [
        ("literal", "", 3),
        (">>> 1\n1", "", 5),
        ("int x;\n\nint y;", "c", 12),
        ("bare", "", 18),
        ("a^2", "math", 20),
    ]
    assert document.faults == ()


def test_tables_are_rows_of_cells_on_the_lines_between_their_rules() -> None:
    grid = "+---+-----+\n| A | B   |\n+===+=====+\n| a | b b |\n| c |     |\n+---+-----+\n"
    simple = "=====  =====\ncol a  col b\n=====  =====\n1      two\n=====  =====\n"
    listed = ".. list-table:: Caption\n\n   * - x\n     - y\n"
    document = rst(f"{grid}\n{simple}\n{listed}")
    assert [(block.kind, block.text, block.place["line"], block.place["end_line"]) for block in document.blocks] == [
        ("table", "A | B\na c | b b", 1, 6),
        ("table", "col a | col b\n1 | two", 8, 12),
        ("paragraph", "Caption", 14, 14),
        ("table", "x | y", 16, 17),
    ]


def test_comments_are_dropped_even_when_they_repeat_the_text_that_follows() -> None:
    document = rst("..\n   Same words.\n\nSame words.\n\n..\n   Local Variables:\n   mode: rst\n   End:\n")
    assert [(block.text, block.place["line"]) for block in document.blocks] == [("Same words.", 4)]


def test_lines_are_counted_as_an_editor_counts_them() -> None:
    document = rst("One\u2028still one.\r\n\r\nTwo\fpages.\r\rThree.\n")
    assert [(block.text, block.place["line"]) for block in document.blocks] == [
        ("One still one.", 1),
        ("Two pages.", 3),
        ("Three.", 5),
    ]


def test_tabs_do_not_hide_where_a_block_stands() -> None:
    document = rst("Intro::\n\n\tcode\twith tab\n\n-\titem\n")
    assert [(block.kind, block.place["line"]) for block in document.blocks] == [
        ("paragraph", 1),
        ("code", 3),
        ("list_item", 5),
    ]


def test_links_stand_on_the_line_of_their_own_text() -> None:
    document = rst(
        "Title\n=====\n\nSee `the\nsite <https://a.org>`__ and\nhttps://b.org, then Title_\n"
        "or me@c.org and `x`_.\n\n.. _x: rel/x.rst\n"
    )
    assert [(link.target, link.text, link.place["line"]) for link in document.links] == [
        ("https://a.org", "the\nsite", 4),
        ("https://b.org", "https://b.org", 6),
        ("#title", "Title", 6),
        ("mailto:me@c.org", "me@c.org", 7),
        ("rel/x.rst", "x", 7),
    ]
    assert document.links[0].place["section"] == "Title"


def test_faults_name_severity_line_and_section() -> None:
    document = rst("Title\n=====\n\n*open emphasis\n\nUnknown_ target.\n\n- item\nno blank\n")
    found = [(fault.rule, fault.severity, fault.place["line"], fault.place["section"]) for fault in document.faults]
    assert sorted(found, key=lambda fault: fault[2]) == [
        ("docutils", "warning", 4, "Title"),
        ("docutils", "error", 6, "Title"),
        ("docutils", "warning", 9, "Title"),
    ]
    assert "*open emphasis" in [block.text for block in document.blocks]


def test_no_other_file_is_read_and_none_is_named_a_fault_of_form(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("hidden words")
    table = f".. csv-table::\n   :file: {secret}\n"
    document = rst(f"Text.\n\n.. include:: {secret}\n\n.. raw:: html\n   :file: {secret}\n\n{table}")
    assert [block.text for block in document.blocks] == ["Text."]
    assert [fault.severity for fault in document.faults] == ["info", "warning"]


def test_a_line_too_long_to_parse_is_refused_with_its_number() -> None:
    with pytest.raises(DocumentError, match="line 3 has 10000 characters"):
        rst("Text.\n\n" + "x" * 10_000)


def test_docutils_own_registries_are_left_alone() -> None:
    before = dict(vars(roles)["_roles"]), dict(vars(directives)["_directives"])
    rst(
        ".. role:: mine\n\n.. default-role:: mine\n\n:mine:`x` `y`\n\n"
        ".. versionadded:: 3\n\n.. code-block:: c\n\n   x\n"
    )
    assert "mine" not in vars(roles)["_roles"]
    assert "versionadded" not in vars(directives)["_directives"]
    assert vars(directives)["_directives"].get("code-block") == before[1].get("code-block")
    assert [fault.message for fault in rst(":mine:`x`\n").faults] == ['Unknown interpreted text role "mine".']
