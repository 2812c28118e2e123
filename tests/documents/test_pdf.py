"""PDF."""

import io
from collections.abc import Callable

import pytest
from pypdf import PdfWriter

from langgraph_quorum.nodes.documents import Document, parse
from langgraph_quorum.state.errors import DocumentError

MakePdf = Callable[..., bytes]


def pdf(data: bytes) -> Document:
    return parse(data, source="paper.pdf")


def shapes(document: Document) -> list[tuple[str, int, str, int]]:
    return [(block.kind, block.level, block.text, block.place["page"]) for block in document.blocks]


def test_lines_become_paragraphs_items_and_headings_on_their_pages(make_pdf: MakePdf) -> None:
    document = pdf(
        make_pdf(
            [
                [
                    "A Study",
                    "1 Aims",
                    "This line is long enough to be the widest of exam-",
                    "ples. It ends here.",
                    "Next.",
                ],
                ["2 Means", "We take:", "- one thing", "over two lines", "- another."],
            ],
            outline=[("Aims", 1), ("2. Means", 2)],
        )
    )
    assert document.title == "A Study"
    assert shapes(document) == [
        ("paragraph", 0, "A Study", 1),
        ("heading", 1, "Aims", 1),
        ("paragraph", 0, "This line is long enough to be the widest of examples. It ends here.", 1),
        ("paragraph", 0, "Next.", 1),
        ("heading", 1, "2. Means", 2),
        ("paragraph", 0, "We take:", 2),
        ("list_item", 1, "one thing over two lines", 2),
        ("list_item", 1, "another.", 2),
    ]
    assert [block.place["section"] for block in document.blocks][-1] == "2. Means"
    assert document.raw_lines == ()


def test_a_paragraph_that_a_page_breaks_is_one_block_on_the_page_it_begins(make_pdf: MakePdf) -> None:
    assert shapes(pdf(make_pdf([["It begins here and"], ["ends there."]]))) == [
        ("paragraph", 0, "It begins here and ends there.", 1)
    ]


def test_lines_that_repeat_on_every_page_are_no_text(make_pdf: MakePdf) -> None:
    pages = [
        ["The Journal", f"Words on {word}.", f"Page {n}"] for n, word in enumerate(["one", "two", "three"], start=1)
    ]
    assert [block.text for block in pdf(make_pdf(pages)).blocks] == [
        "Words on one.",
        "Words on two.",
        "Words on three.",
    ]


def test_clickable_and_written_addresses_are_links_once_per_page(make_pdf: MakePdf) -> None:
    document = pdf(make_pdf([["See https://a.org/x for", "more and www.b.org."]], uri="https://a.org/x"))
    assert [(link.target, link.text, link.place["page"]) for link in document.links] == [
        ("https://a.org/x", "https://a.org/x", 1),
        ("https://www.b.org", "www.b.org", 1),
    ]


@pytest.mark.parametrize(("pages", "counted"), [([[]], "on its 1 page"), ([[], []], "on any of its 2 pages")])
def test_pages_without_text_may_be_scanned_or_empty(pages: list[list[str]], counted: str, make_pdf: MakePdf) -> None:
    with pytest.raises(DocumentError, match=rf"no text was found {counted}: it is scanned.*ocrmypdf.*or empty"):
        pdf(make_pdf(pages))


def test_a_single_page_without_text_is_noted(make_pdf: MakePdf) -> None:
    document = pdf(make_pdf([["Text."], []]))
    assert [(fault.severity, fault.place["page"]) for fault in document.faults] == [("info", 2)]


def encrypted(data: bytes, password: str, algorithm: str) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(data))
    writer.encrypt(user_password=password, owner_password="owner", algorithm=algorithm)
    written = io.BytesIO()
    writer.write(written)
    return written.getvalue()


def test_a_password_asks_for_a_file_without_one(make_pdf: MakePdf) -> None:
    with pytest.raises(DocumentError, match=r"needs a password.*qpdf --decrypt"):
        pdf(encrypted(make_pdf([["Secret."]]), "hush", "RC4-128"))


def test_a_file_that_only_restricts_printing_is_read(make_pdf: MakePdf) -> None:
    assert shapes(pdf(encrypted(make_pdf([["Open."]]), "", "RC4-128"))) == [("paragraph", 0, "Open.", 1)]


@pytest.mark.parametrize("data", [b"%PDF-1.7\nnothing of it", b"no pdf at all", b"%PDF-1.4\n%%EOF"])
def test_a_damaged_file_asks_for_a_new_one(data: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DocumentError, match=r"is damaged or no PDF.*save it anew"):
        pdf(data)
    assert capfd.readouterr().err == ""


def test_a_truncated_file_never_ends_in_a_library_s_traceback(make_pdf: MakePdf) -> None:
    whole = make_pdf([["Some text on a page."], ["And more."]], outline=[("More", 2)])
    for length in range(20, len(whole), 53):
        try:
            document = pdf(whole[:length])
        except DocumentError as error:
            assert error.source == "paper.pdf"  # noqa: PT017 - either is right, depending on what was cut
        else:
            assert document.blocks
