"""Files to read: the sample documents, and PDFs written byte by byte."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "examples" / "documents"


@pytest.fixture(scope="session")
def samples() -> list[Path]:
    return sorted(SAMPLES.glob("pep-*.rst"))


@pytest.fixture
def pep() -> Callable[[int], Path]:
    return lambda number: SAMPLES / f"pep-{number:04d}.rst"


def _page(lines: Sequence[str]) -> bytes:
    shown = "\n".join(
        f"({line.replace(chr(92), chr(92) * 2).replace('(', chr(92) + '(').replace(')', chr(92) + ')')}) Tj T*"
        for line in lines
    )
    return f"BT /F1 11 Tf 14 TL 72 720 Td\n{shown}\nET".encode("latin-1")


def _build(pages: Sequence[Sequence[str]], outline: Sequence[tuple[str, int]], uri: str) -> bytes:
    """Objects: 1 catalog, 2 pages, 3 font, 4 outline root, then page and content in turn, then outline items."""
    first_page = 5
    first_item = first_page + 2 * len(pages)
    kids = " ".join(f"{first_page + 2 * i} 0 R" for i in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R" + (b" /Outlines 4 0 R" if outline else b"") + b" >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        f"<< /First {first_item} 0 R /Last {first_item + len(outline) - 1} 0 R /Count {len(outline)} >>".encode(),
    ]
    for i, lines in enumerate(pages):
        annotation = f"<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI ({uri}) >> >>" if uri else ""
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {first_page + 2 * i + 1} 0 R"
            f" /Annots [{annotation}] /Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        content = _page(lines)
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    for i, (title, page) in enumerate(outline):
        following = f" /Next {first_item + i + 1} 0 R" if i + 1 < len(outline) else ""
        target = f"{first_page + 2 * (page - 1)} 0 R"
        objects.append(f"<< /Title ({title}) /Parent 4 0 R /Dest [{target} /Fit]{following} >>".encode())
    return _assembled(objects)


def _assembled(objects: Sequence[bytes]) -> bytes:
    file = b"%PDF-1.4\n"
    offsets: list[int] = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(file))
        file += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return (
        file
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
        + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(file))
    )


@pytest.fixture
def make_pdf() -> Callable[..., bytes]:
    """Builds a PDF from the lines of its pages, its outline (title and page) and one address to click on each page."""

    def make(pages: Sequence[Sequence[str]], *, outline: Sequence[tuple[str, int]] = (), uri: str = "") -> bytes:
        return _build(pages, outline, uri)

    return make
