"""The sample PEPs, read once for all tests of the specialists."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from langgraph_quorum.nodes.documents.model import Document
from langgraph_quorum.nodes.documents.reader import read

_SAMPLES = Path(__file__).parents[2] / "examples" / "documents"

PepReader = Callable[[int], Document]


@pytest.fixture(scope="session")
def pep() -> PepReader:
    """`pep(257)` is PEP 257 as the reader gives it."""

    @cache
    def read_pep(number: int) -> Document:
        return read(_SAMPLES / f"pep-{number:04d}.rst")

    return read_pep
