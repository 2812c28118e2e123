"""The pages of the examples: their links lead somewhere, and they name the files that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.packaging.installing import ROOT

EXAMPLES = ROOT / "examples"
PAGES = sorted(EXAMPLES.rglob("README.md"))
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    targets = LINK.findall(page.read_text("utf-8"))
    assert targets
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_page_of_the_app_names_each_of_its_modules() -> None:
    named = re.findall(
        r"^\| `([\w/]+\.py)` \|", (EXAMPLES / "agent_app" / "README.md").read_text("utf-8"), re.MULTILINE
    )
    modules = [path.relative_to(EXAMPLES / "agent_app") for path in (EXAMPLES / "agent_app").rglob("*.py")]
    assert sorted(named) == sorted(path.as_posix() for path in modules if path.name != "__init__.py")


def test_the_list_of_examples_names_each_folder() -> None:
    listed = (EXAMPLES / "README.md").read_text("utf-8")
    folders = [path.name for path in EXAMPLES.iterdir() if path.is_dir() and not path.name.startswith((".", "_"))]
    assert [name for name in folders if f"[{name}/](" not in listed] == []
