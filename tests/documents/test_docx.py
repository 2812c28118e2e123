"""DOCX."""

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from langgraph_quorum.nodes.documents import Document, parse
from langgraph_quorum.state.errors import DocumentError


def saved(build: Callable[[Any], object]) -> bytes:
    document = docx.Document()
    build(document)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def read_built(build: Callable[[Any], object]) -> Document:
    return parse(saved(build), source="report.docx")


def shapes(document: Document) -> list[tuple[str, int, str, int]]:
    return [(block.kind, block.level, block.text, block.place["block"]) for block in document.blocks]


def xml(markup: str) -> Any:
    return parse_xml(re.sub(r"^<([\w:]+)", rf"<\1 {nsdecls('w', 'wp', 'r')}", markup))


def test_styles_tell_what_paragraphs_are_and_tables_stand_in_their_place() -> None:
    def build(document: Any) -> None:
        document.add_heading("The Report", 0)
        document.add_paragraph("Prose.")
        document.add_paragraph("")
        document.add_heading("Part", 1)
        document.add_paragraph("a", style="List Bullet")
        document.add_paragraph("b", style="List Number 2")
        table = document.add_table(rows=2, cols=2)
        for cell, text in zip((*table.row_cells(0), *table.row_cells(1)), "ABCD", strict=True):
            cell.text = text
        document.add_paragraph("Said.", style="Quote")
        document.add_paragraph("x = 1", style="macro")
        document.add_paragraph("y = 2", style="macro")

    document = read_built(build)
    assert shapes(document) == [
        ("heading", 1, "The Report", 1),
        ("paragraph", 0, "Prose.", 2),
        ("heading", 1, "Part", 3),
        ("list_item", 1, "a", 4),
        ("list_item", 2, "b", 5),
        ("table", 0, "A | B\nC | D", 6),
        ("quote", 0, "Said.", 7),
        ("code", 0, "x = 1\ny = 2", 8),
    ]
    assert document.title == "The Report"
    assert [block.place["section"] for block in document.blocks][-1] == "Part"
    assert (document.raw_lines, document.faults) == ((), ())


def test_a_paragraph_s_own_properties_outrank_its_style() -> None:
    def build(document: Any) -> None:
        head = document.add_paragraph("Head")._p.get_or_add_pPr()
        head.append(xml('<w:outlineLvl w:val="1"/>'))
        item = document.add_paragraph("Item")._p.get_or_add_pPr()
        item.append(xml('<w:numPr><w:ilvl w:val="2"/><w:numId w:val="5"/></w:numPr>'))
        plain = document.add_paragraph("Plain", style="List Bullet")._p.get_or_add_pPr()
        plain.append(xml('<w:numPr><w:numId w:val="0"/></w:numPr>'))

    assert [shape[:3] for shape in shapes(read_built(build))] == [
        ("heading", 2, "Head"),
        ("list_item", 3, "Item"),
        ("paragraph", 0, "Plain"),
    ]


def test_a_style_based_on_a_heading_is_one() -> None:
    def build(document: Any) -> None:
        style = document.styles.add_style("Chapter", 1)
        style.base_style = document.styles["Heading 2"]
        document.add_paragraph("One", style="Chapter")

    assert shapes(read_built(build)) == [("heading", 2, "One", 1)]


def test_inserted_text_counts_and_deleted_text_does_not() -> None:
    def build(document: Any) -> None:
        paragraph = document.add_paragraph("Kept")._p
        paragraph.append(xml('<w:ins w:id="1" w:author="a"><w:r><w:t> added</w:t></w:r></w:ins>'))
        paragraph.append(xml('<w:del w:id="2" w:author="a"><w:r><w:delText> gone</w:delText></w:r></w:del>'))
        paragraph.append(xml("<w:r><w:br/><w:t>line</w:t><w:tab/><w:t>end</w:t></w:r>"))

    assert [block.text for block in read_built(build).blocks] == ["Kept added\nline\tend"]


def test_text_in_content_controls_is_read_and_a_table_of_contents_is_not() -> None:
    def build(document: Any) -> None:
        document.styles.add_style("toc 1", 1)
        document.add_paragraph("Part ..... 3", style="toc 1")
        document.element.body.insert(
            0, xml("<w:sdt><w:sdtContent><w:p><w:r><w:t>Held.</w:t></w:r></w:p></w:sdtContent></w:sdt>")
        )

    assert [block.text for block in read_built(build).blocks] == ["Held."]


def test_hyperlinks_and_written_addresses_are_links() -> None:
    def build(document: Any) -> None:
        paragraph = document.add_paragraph("See https://b.org and ")
        relation = document.part.relate_to(
            "https://a.org", "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink", True
        )
        link = f'<w:hyperlink r:id="{relation}"><w:r><w:t>the site</w:t></w:r></w:hyperlink>'
        paragraph._p.append(xml(link))
        paragraph._p.append(xml('<w:hyperlink w:anchor="part"><w:r><w:t>Part</w:t></w:r></w:hyperlink>'))

    document = read_built(build)
    assert document.blocks[0].text == "See https://b.org and the sitePart"
    assert [(link.target, link.text, link.place["block"]) for link in document.links] == [
        ("https://a.org", "the site", 1),
        ("#part", "Part", 1),
        ("https://b.org", "https://b.org", 1),
    ]


def test_skipped_levels_empty_headings_and_images_without_text_are_faults() -> None:
    def build(document: Any) -> None:
        document.add_heading("One", 1)
        document.add_heading("Three", 3)
        document.add_heading("", 2)
        document.add_paragraph("Picture")._p.append(
            xml('<w:r><w:drawing><wp:inline><wp:docPr id="1" name="p"/></wp:inline></w:drawing></w:r>')
        )

    assert [(fault.rule, fault.place["block"]) for fault in read_built(build).faults] == [
        ("empty-heading", 3),
        ("image-alt", 3),
        ("heading-order", 2),
    ]


def zipped(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/"), data)
    return file.getvalue()


def test_a_zip_bomb_is_refused_by_what_it_declares() -> None:
    bomb = zipped(**{"word__document.xml": bytes(60_000_000)})
    assert len(bomb) < 100_000
    with pytest.raises(DocumentError, match="unpacks to 60 MB"):
        parse(bomb, source="bomb.docx")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"no zip", "is damaged or no DOCX"),
        (b"PK\x03\x04 cut off", "is damaged or no DOCX"),
        (zipped(**{"word__document.xml": b"<w:not-closed"}), "is damaged or no DOCX"),
        (zipped(**{"content.xml": b"<odt/>"}), r"without word/document.xml, so no DOCX"),
        (b"\xd0\xcf\x11\xe0 old", r"has a password or is an old .doc file"),
    ],
)
def test_what_is_no_docx_is_refused_with_the_mend(data: bytes, problem: str) -> None:
    with pytest.raises(DocumentError, match=problem):
        parse(data, source="a.docx")


def test_a_truncated_file_never_ends_in_a_library_s_traceback() -> None:
    whole = saved(lambda document: document.add_paragraph("Text."))
    for length in range(10, len(whole), 3011):
        with pytest.raises(DocumentError):
            parse(whole[:length], source="a.docx")
