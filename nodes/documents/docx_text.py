"""The text of DOCX elements. Text that a revision inserted counts, text that one deleted does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from docx.oxml.ns import qn

_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_LEFT_OUT = frozenset(
    (
        qn("w:pPr"),
        qn("w:rPr"),
        qn("w:del"),
        qn("w:moveFrom"),
        qn("w:instrText"),
        qn("w:drawing"),
        qn("w:pict"),
        qn("w:object"),
        f"{_MC}AlternateContent",
    )
)
_CHARACTERS = {qn("w:tab"): "\t", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}


def text_of(element: Any) -> str:
    """The text of a paragraph, without that of text boxes anchored in it."""
    return "".join(_pieces(element))


def _pieces(element: Any) -> Iterator[str]:
    for child in element.iterchildren():
        if child.tag == qn("w:t"):
            yield child.text or ""
        elif child.tag in _CHARACTERS:
            yield _CHARACTERS[child.tag]
        elif child.tag == qn("w:br"):
            yield "" if child.get(qn("w:type")) in {"page", "column"} else "\n"
        elif child.tag not in _LEFT_OUT:
            yield from _pieces(child)


def paragraphs_and_tables(element: Any) -> Iterator[Any]:
    """The `w:p` and `w:tbl` elements of a body, cell or text box, also those within content controls."""
    for child in element.iterchildren():
        if child.tag in {qn("w:p"), qn("w:tbl")}:
            yield child
        elif child.tag in {qn("w:sdt"), qn("w:sdtContent"), qn("w:customXml"), qn("w:ins"), qn("w:smartTag")}:
            yield from paragraphs_and_tables(child)


def text_boxes(paragraph: Any) -> Iterator[Any]:
    """The contents of text boxes anchored in a paragraph. Word writes each twice, the second time for old readers."""
    for box in paragraph.iter(qn("w:txbxContent")):
        if not any(outer.tag == f"{_MC}Fallback" for outer in box.iterancestors()):
            yield box


def table_text(table: Any) -> str:
    """Rows as lines, cells parted by ` | `; a merged cell is one cell."""
    rows = (
        " | ".join(_cell_text(cell) for cell in row.iter(qn("w:tc")) if _row_of(cell) is row) for row in _rows(table)
    )
    return "\n".join(row for row in rows if row.strip(" |"))


def _rows(table: Any) -> Iterator[Any]:
    return (row for row in table.iter(qn("w:tr")) if next(row.iterancestors(qn("w:tbl"))) is table)


def _row_of(cell: Any) -> Any:
    return next(cell.iterancestors(qn("w:tr")))


def _cell_text(cell: Any) -> str:
    return " ".join(" ".join(text_of(paragraph).split()) for paragraph in cell.iter(qn("w:p"))).strip()


def images_without_text(paragraph: Any) -> int:
    """How many images in a paragraph have no description for those who cannot see them."""
    return sum(not (image.get("descr") or "").strip() for image in paragraph.iter(qn("wp:docPr")))
