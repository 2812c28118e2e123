"""Plain text."""

from langgraph_quorum.nodes.documents import Document, parse


def plain(text: str) -> Document:
    return parse(text.encode(), source="notes.txt")


def shapes(document: Document) -> list[tuple[str, int, str, int, int]]:
    return [
        (block.kind, block.level, block.text, block.place["line"], block.place["end_line"]) for block in document.blocks
    ]


def test_paragraphs_are_parted_by_blank_lines() -> None:
    assert shapes(plain("\nOne\n  two.\n\n\nThree.\n")) == [
        ("paragraph", 0, "One\ntwo.", 2, 3),
        ("paragraph", 0, "Three.", 6, 6),
    ]


def test_only_underlined_lines_are_headings_and_their_marks_give_the_levels() -> None:
    document = plain("Notes\n=====\nText.\n\nPart\n----\n\nALL CAPS\n\nMore\n====\n")
    assert shapes(document) == [
        ("heading", 1, "Notes", 1, 1),
        ("paragraph", 0, "Text.", 3, 3),
        ("heading", 2, "Part", 5, 5),
        ("paragraph", 0, "ALL CAPS", 8, 8),
        ("heading", 1, "More", 10, 10),
    ]
    assert document.title == "Notes"
    assert [block.place["section"] for block in document.blocks] == ["Notes", "Notes", "Part", "Part", "More"]


def test_a_rule_is_no_underline_when_its_length_does_not_fit_and_never_text() -> None:
    assert shapes(plain("Name\n----------------------------\nAnn\n\n*****\n\nEnd.\n")) == [
        ("paragraph", 0, "Name", 1, 1),
        ("paragraph", 0, "Ann", 3, 3),
        ("paragraph", 0, "End.", 7, 7),
    ]


def test_marked_lines_are_list_items_by_indent() -> None:
    assert shapes(plain("- one\n  more\n  * in\n2) two\n\nA. Smith wrote.\n")) == [
        ("list_item", 1, "one\nmore", 1, 2),
        ("list_item", 2, "in", 3, 3),
        ("list_item", 1, "two", 4, 4),
        ("paragraph", 0, "A. Smith wrote.", 6, 6),
    ]


def test_quoted_lines_are_a_quote() -> None:
    assert shapes(plain("> so\n> it was\n")) == [("quote", 0, "so\nit was", 1, 2)]


def test_addresses_are_links_without_the_sentence_s_punctuation() -> None:
    document = plain("See https://a.org/x_(y), or\n(www.b.org/z). Mail me@c.org!\n")
    assert [(link.target, link.text, link.place["line"]) for link in document.links] == [
        ("https://a.org/x_(y)", "https://a.org/x_(y)", 1),
        ("https://www.b.org/z", "www.b.org/z", 2),
        ("mailto:me@c.org", "me@c.org", 2),
    ]


def test_a_text_without_headings_is_known_by_its_file_name() -> None:
    assert parse(b"x", source="some/notes.txt").title == "notes.txt"


def test_hostile_addresses_take_no_time() -> None:
    assert plain("a.b+" * 50_000).links == ()
