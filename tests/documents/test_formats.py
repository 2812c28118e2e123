"""Telling a document's format."""

import io
from collections.abc import Callable

import docx
import pytest

from langgraph_quorum.nodes.documents import SUFFIXES, parse


@pytest.mark.parametrize(("suffix", "kind"), SUFFIXES.items())
def test_the_suffix_tells_the_format_in_any_case(suffix: str, kind: str, make_pdf: Callable[..., bytes]) -> None:
    file = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("Text")
    document.save(file)
    data = {"pdf": make_pdf([["Text"]]), "docx": file.getvalue()}.get(kind, b"Text\n")
    assert parse(data, source=f"a{suffix}").format == kind
    assert parse(data, source=f"a{suffix.upper()}").format == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("<!-- c --> <!DOCTYPE html><p>x", "html"),
        ("<html><p>x", "html"),
        ("# Title\n\nText with [link](x).\n", "markdown"),
        ("```sh\nls\n```\n", "markdown"),
        ("Title\n=====\n\n.. note:: x\n", "rst"),
        ("PEP: 8\nTitle: Style\n\nAbstract\n========\n\nText.\n", "rst"),
        ("Just words.\n\nAnd more.\n", "text"),
    ],
)
def test_the_content_tells_it_where_there_is_no_known_suffix(text: str, kind: str) -> None:
    assert parse(text.encode(), source="README").format == kind
    assert parse(text.encode(), source="README.x").format == kind


def test_pdf_and_docx_are_known_by_their_bytes(make_pdf: Callable[..., bytes]) -> None:
    file = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("Text")
    document.save(file)
    assert parse(file.getvalue(), source="download").format == "docx"
    assert parse(make_pdf([["Text"]]), source="download").format == "pdf"


def test_a_given_format_outranks_the_suffix() -> None:
    assert parse(b"# Title\n", source="a.txt", format="markdown").format == "markdown"


def test_hostile_text_is_told_in_no_time() -> None:
    assert parse(b"<!-- -->" * 10_000, source="a").format == "text"
    assert parse(b"[" * 60_000, source="a").format == "text"
