"""Documents to give to specialists: the sample PEPs, read once, and documents made of a few blocks."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from langgraph_quorum.nodes.documents.model import Block, BlockKind, Document
from langgraph_quorum.nodes.documents.reader import read

PEPS = (8, 20, 257, 492, 654, 3156)

_FOLDER = Path(__file__).parents[2] / "examples" / "documents"


@cache
def pep(number: int) -> Document:
    """`pep(257)` is PEP 257 as the reader gives it."""
    return read(_FOLDER / f"pep-{number:04d}.rst")


def made(*blocks: tuple[BlockKind, str]) -> Document:
    """`made(("paragraph", "One."), ("code", "x = 1"))` is a document of these blocks, without lines."""
    return Document(
        "made.txt",
        "text",
        "",
        tuple(Block(kind, text, {"section": "", "block": n + 1}) for n, (kind, text) in enumerate(blocks)),
    )


def written(folder: Path, name: str, text: str) -> Document:
    """What the reader gives of a file of this name, whose ending tells its format."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return read(path)
