"""The sample PEPs, read once for all tests of the specialists, and what every report owes its reader."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from langgraph_quorum.nodes.documents.model import Block, BlockKind, Document
from langgraph_quorum.nodes.documents.reader import read
from langgraph_quorum.nodes.specialists.document.report import Finding, Report

_SAMPLES = Path(__file__).parents[2] / "examples" / "documents"

PepReader = Callable[[int], Document]
ReportCheck = Callable[[Document, Report], None]
DocumentMaker = Callable[..., Document]


@pytest.fixture(scope="session")
def pep() -> PepReader:
    """`pep(257)` is PEP 257 as the reader gives it."""

    @cache
    def read_pep(number: int) -> Document:
        return read(_SAMPLES / f"pep-{number:04d}.rst")

    return read_pep


@pytest.fixture(scope="session")
def made() -> DocumentMaker:
    """`made(("paragraph", "One."), ("code", "x = 1"))` is a document of these blocks, without lines."""

    def make(*blocks: tuple[BlockKind, str]) -> Document:
        return Document(
            "made.txt",
            "text",
            "",
            tuple(Block(kind, text, {"section": "", "block": n + 1}) for n, (kind, text) in enumerate(blocks)),
        )

    return make


@pytest.fixture(scope="session")
def honest() -> ReportCheck:
    """Asserts that a report is JSON, within its bounds, and that each quote stands in the block at its place."""

    def check(document: Document, report: Report) -> None:
        assert json.loads(json.dumps(report)) == report
        assert report["headline"]
        assert len(report["headline"]) <= 200
        assert 0 <= report["coverage"] <= 1
        assert 0 <= report["confidence"] <= 1
        for finding in report["findings"]:
            assert len(finding["text"]) <= 300, finding
            assert "\n" not in finding["text"], finding
            assert _quote_stands(document, finding), finding

    return check


def _quote_stands(document: Document, finding: Finding) -> bool:
    quote = " ".join(finding.get("quote", "").split())
    place = finding["where"]
    if not quote:
        return True
    if len(quote) > 300:
        return False
    for block in document.blocks:
        first = block.place.get("line")
        if first is not None:
            here = first <= place.get("line", -1) <= block.place.get("end_line", first)
        else:
            here = block.place == place
        if here and quote in " ".join(block.text.split()):
            return True
    return False
