"""The pages say what is true: their code runs, their links lead somewhere, their drawing is current."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from sybil import Document
from sybil.parsers.markdown import PythonCodeBlockParser

from tests.docs.drawing import BLOCK, PAGE, drawing
from tests.docs.pages import PAGES, README, called

LINK = re.compile(r"\[[^\]]+\]\(([^)#]+)(#[^)]*)?\)")
ANCHOR = re.compile(r"\]\(([^)#\s:]*)#([^)\s]+)\)")
CODE = re.compile(r"```.*?```", re.DOTALL)
SPEAKING = [page for page in PAGES if page != README and "```python" in page.read_text("utf-8")]


def what_its_blocks_make(page: Path) -> dict[str, Any]:
    """The names that there are once every Python block of a page has run, top to bottom.

    They are a module's, as those of a script are: what a page stores is looked up by module and name when it is read.
    """
    document = Document.parse(str(page), PythonCodeBlockParser())
    script = ModuleType(f"page_{page.stem.replace('-', '_')}")
    its_own = set(vars(script))
    document.namespace = vars(script)
    blocks = list(document.examples())
    sys.modules[script.__name__] = script
    try:
        for block in blocks:
            block.evaluate()
    finally:
        del sys.modules[script.__name__]
    assert len(blocks) == page.read_text("utf-8").count("```python")
    return {name: value for name, value in vars(script).items() if name not in its_own}


@pytest.mark.usefixtures("own_database")
@pytest.mark.parametrize("page", SPEAKING, ids=called)
def test_every_python_block_of_a_page_runs(page: Path) -> None:
    assert what_its_blocks_make(page)


@pytest.mark.usefixtures("own_server")
def test_the_example_of_the_readme_gives_what_it_says() -> None:
    out = what_its_blocks_make(README)["out"]
    statuses = {name: branch["status"] for name, branch in out["branches"].items()}
    assert f"# {out['status']} {str(out['quality'])[:4]}... {statuses}" in README.read_text("utf-8")


@pytest.mark.parametrize("page", PAGES, ids=called)
def test_every_relative_link_of_a_page_leads_to_a_file(page: Path) -> None:
    text = CODE.sub("", page.read_text("utf-8"))
    targets = [target for target, _ in LINK.findall(text) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def anchors(page: Path) -> set[str]:
    """What the headings of a page are linked by."""
    headings = re.findall(r"^#+ (.*)$", CODE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=called)
def test_every_link_to_a_heading_finds_it(page: Path) -> None:
    for target, anchor in ANCHOR.findall(CODE.sub("", page.read_text("utf-8"))):
        assert anchor in anchors(page.parent / target if target else page), f"{target}#{anchor}"


def test_the_readme_stays_below_two_screens() -> None:
    assert len(README.read_text("utf-8").splitlines()) <= 120


def test_the_drawing_of_the_workflow_is_what_the_library_draws() -> None:
    found = BLOCK.search(PAGE.read_text("utf-8"))
    assert found is not None
    assert found.group() == drawing()
