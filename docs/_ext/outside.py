"""Links that lead out of docs/, as the repository's host needs them, lead somewhere in the site, too.

A page may show a file of the repository whole, with the directive `include`; whoever links that file, or its folder,
is led to the page. Other files are put into the site as they are.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from sphinx.application import Sphinx

LINK = re.compile(r"(?<=\]\()(?![a-z]+:)(?P<path>[\w.][^)#\s]*)")
CODE = re.compile(r"(```.*?```)", re.DOTALL)
SHOWN = re.compile(r"```\{include\} (?P<path>\S+)\n```")


def _find_pages(app: Sphinx) -> None:
    """By file of the repository, the page that shows it."""
    docs = Path(app.srcdir)
    pages = {}
    for page in docs.rglob("*.md"):
        if shown := SHOWN.search(page.read_text("utf-8")):
            pages[(page.parent / shown["path"]).resolve()] = page
    app.config.outside_pages = pages


def _lead_inside(app: Sphinx, page: str, source: list[str]) -> None:
    docs, pages = Path(app.srcdir), app.config.outside_pages
    here = (docs / page).parent

    def led(text: str, folder: Path) -> str:
        """The text with its links as they have to be on this page, when they are relative to this folder."""

        def target(found: re.Match[str]) -> str:
            meant = (folder / found["path"]).resolve()
            meant = meant / "README.md" if meant.is_dir() else meant
            meant = pages.get(meant, meant)
            path = Path(os.path.relpath(meant, here)).as_posix()
            return path if meant.is_relative_to(docs) else f"path:{path}"

        parts = CODE.split(text)
        return "".join(part if CODE.fullmatch(part) else LINK.sub(target, part) for part in parts)

    def shown(found: re.Match[str]) -> str:
        file = (here / found["path"]).resolve()
        return led(file.read_text("utf-8"), file.parent)

    source[0] = SHOWN.sub(shown, led(source[0], here))


def setup(app: Sphinx) -> dict[str, bool]:
    """Tell Sphinx of it."""
    app.add_config_value("outside_pages", {}, "", types=[dict])
    app.connect("builder-inited", _find_pages)
    app.connect("source-read", _lead_inside)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
