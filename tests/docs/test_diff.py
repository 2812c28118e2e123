"""The README's diff of an existing graph: few changed lines, and both of its sides are what they are said to be."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

README = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")


def block(language: str) -> list[str]:
    """The lines of the block after the heading of the section."""
    section = README[README.index("## In a graph you have") :]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found is not None
    return found.group(1).splitlines()


def side(mark: str) -> list[str]:
    """The diff's lines with this mark, and those that stay."""
    return [line[1:] for line in block("diff") if line[:1] in (mark, " ", "")]


def test_fewer_than_fifteen_lines_change() -> None:
    changed = [line for line in block("diff") if line.startswith(("+", "-"))]
    assert 0 < len(changed) < 15


def test_the_new_side_is_the_block_that_runs() -> None:
    assert side("+") == block("python")


def test_the_old_side_is_a_graph_that_runs_without_this_package() -> None:
    code = "\n".join(line for line in side("-") if not line.startswith(("out =", "print(")))
    assert "quorum" not in code
    found: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec", dont_inherit=True), found)
    result = asyncio.run(found["graph"].ainvoke({"urls": ["a.org"]}))
    assert result["report"] == "1 of 1 pages"
