"""The README and the docs say what is true: their code runs, their links lead somewhere, their drawing is current."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sybil import Document
from sybil.parsers.markdown import PythonCodeBlockParser

from tests.docs.drawing import BLOCK, drawing

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\[[^\]]+\]\(([^)#]+)(#[^)]*)?\)")
ANCHOR = re.compile(r"\]\(([^)#\s:]*)#([^)\s]+)\)")
CODE = re.compile(r"```.*?```", re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_python_block_of_a_page_runs(page: Path) -> None:
    document = Document.parse(str(page), PythonCodeBlockParser())
    blocks = list(document.examples())
    for block in blocks:
        block.evaluate()
    assert len(blocks) == page.read_text("utf-8").count("```python")


def test_the_twenty_lines_of_the_readme_give_what_they_say() -> None:
    document = Document.parse(str(ROOT / "README.md"), PythonCodeBlockParser())
    next(iter(document.examples())).evaluate()
    statuses = {name: branch["status"] for name, branch in document.namespace["out"]["branches"].items()}
    assert statuses == {"security": "succeeded", "speed": "succeeded", "legal": "cut"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_of_a_page_leads_to_a_file(page: Path) -> None:
    targets = [target for target, _ in LINK.findall(page.read_text("utf-8")) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def anchors(page: Path) -> set[str]:
    """What the headings of a page are linked by."""
    headings = re.findall(r"^#+ (.*)$", CODE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_heading_finds_it(page: Path) -> None:
    for target, anchor in ANCHOR.findall(CODE.sub("", page.read_text("utf-8"))):
        assert anchor in anchors(page.parent / target if target else page), f"{target}#{anchor}"


def test_the_readmes_drawing_is_what_the_library_draws() -> None:
    found = BLOCK.search((ROOT / "README.md").read_text("utf-8"))
    assert found is not None
    assert found.group() == drawing()
