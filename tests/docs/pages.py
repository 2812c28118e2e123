"""Every page that people read: the README, the changelog, the docs with their folders, and the examples' own."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
BUILT = DOCS / "_build"
PAGES = [
    README,
    ROOT / "CHANGELOG.md",
    *(page for page in sorted(DOCS.rglob("*.md")) if BUILT not in page.parents),
    *(page for page in sorted((ROOT / "examples").rglob("*.md")) if not {".venv", "documents"} & set(page.parts)),
]


def called(page: Path) -> str:
    """How a test names a page."""
    return page.relative_to(ROOT).as_posix()


def blocks(text: str, language: str) -> list[str]:
    """What stands in the code blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)
