"""The site that `make docs` builds: without a warning, every link leads somewhere, and every public name is in it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import typer.main
from sphinx.util.inventory import InventoryFile

import langgraph_quorum
from langgraph_quorum.graphs import composition
from langgraph_quorum.nodes import checks, scorers
from langgraph_quorum.orchestration import persistence
from langgraph_quorum.orchestration.cli.app import app
from langgraph_quorum.state import errors
from tests.docs.pages import DOCS, PAGES

pytestmark = pytest.mark.xdist_group("site")

ALIASES = {"Payload"}
"""Names that only spare the typing of a longer type; signatures show what they stand for."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [
            sys.executable,
            "-m",
            "sphinx",
            "-W",
            "--keep-going",
            "-q",
            "-b",
            "html",
            "-d",
            out / "trees",
            DOCS,
            out / "html",
        ],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert (built.returncode, built.stderr) == (0, "")
    return out / "html"


class Page(HTMLParser):
    """The ids of a page, and what it links to or loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.ids: set[str] = set()
        self.targets: list[str] = []
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids.update(filter(None, (given.get("id"), given.get("name"))))
        self.targets.extend(filter(None, (given.get("href"), given.get("src"))))


def astray(pages: dict[Path, Page]) -> Iterator[str]:
    """Every link within the site that leads nowhere."""
    for page in pages.values():
        for target in page.targets:
            link = urlsplit(target)
            if link.scheme or link.netloc:
                continue
            there = (page.path.parent / unquote(link.path)).resolve() if link.path else page.path
            fragment = unquote(link.fragment)
            if not there.exists() or (fragment and there in pages and fragment not in pages[there].ids):
                yield f"{page.path.name}: {target}"


def test_every_link_and_anchor_of_the_built_site_leads_somewhere(site: Path) -> None:
    pages = {path: Page(path) for path in site.rglob("*.html")}
    assert len(pages) >= len([page for page in PAGES if DOCS in page.parents])
    assert list(astray(pages)) == []


def test_the_home_page_leads_on_to_a_page_by_the_name_that_the_contents_give_it(site: Path) -> None:
    home = (site / "index.html").read_text("utf-8")
    ((target, shown),) = re.findall(r'<a class="next-page" href="([^"]*)">(.*?)</a>', home, re.DOTALL)
    assert (target, "At a glance" in shown) == ("at-a-glance.html", True)


def test_the_site_needs_no_network_to_be_read(site: Path) -> None:
    loaded = [
        target
        for path in site.rglob("*.html")
        for target in Page(path).targets
        if target.startswith(("http:", "https:", "//")) and target.endswith((".js", ".mjs", ".css", ".woff2"))
    ]
    assert loaded == []


def test_every_public_name_has_its_entry_in_the_reference(site: Path) -> None:
    inventory = InventoryFile.loads((site / "objects.inv").read_bytes(), uri="")
    documented = {name for kind in inventory.data if kind.startswith("py:") for name in inventory.data[kind]}
    last = {name.rpartition(".")[2] for name in documented}
    own = {f"langgraph_quorum.{name}" for name in langgraph_quorum.__all__}
    raised = {name for name, value in vars(errors).items() if isinstance(value, type)}
    closer = {name for module in (composition, checks, scorers, persistence) for name in module.__all__} - ALIASES
    assert {name for name in own - documented if name.rpartition(".")[2] not in raised} == set()
    assert (raised | closer) - last == set()


def test_every_command_has_its_entry_in_the_reference(site: Path) -> None:
    page = Page(site / "reference" / "command.html")
    command = typer.main.get_command(app)
    assert {f"quorum-{name}" for name in getattr(command, "commands", {})} - page.ids == set()
