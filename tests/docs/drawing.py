"""The drawings on the pages, made by the library itself: `python -m tests.docs.drawing` writes them anew."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from langchain_core.runnables.graph import CurveStyle
from langgraph.graph.state import CompiledStateGraph

from langgraph_quorum import Policies, Specialist, Tuning, ValidationPolicy, build_workflow

Graph: TypeAlias = CompiledStateGraph[Any, Any, Any, Any]

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "workflow.md"
STUDIO = ROOT / "docs" / "studio.md"
BLOCK = re.compile(r"(?<=```mermaid\n).*?(?=```)", re.DOTALL)
NAMED = re.compile(r"<!-- drawing of (?P<name>\w+)[^>]*-->\n```mermaid\n(?P<drawn>.*?)```", re.DOTALL)


def drawing() -> str:
    """The workflow with three specialists, and a human where targets stay unmet, as Mermaid."""
    crew = [Specialist(name, print) for name in ("security", "speed", "legal")]
    asking = Tuning(Policies(validation=ValidationPolicy(review="unmet")))
    return _drawn(build_workflow(crew, tuning=asking).compile())


def shipped_drawings() -> dict[str, str]:
    """Each graph of langgraph.json by its name, with the graphs that its specialists are, as Mermaid."""
    named = json.loads((ROOT / "langgraph.json").read_text("utf-8"))["graphs"]
    return {name: _drawn(_made(settings["path"])) for name, settings in named.items()}


def _made(path: str) -> Graph:
    home, name = path.split(":")
    make: Callable[[], Graph] = getattr(importlib.import_module(home), name)
    return make()


def _drawn(graph: Graph) -> str:
    """Curved, so that each label lies on its own line."""
    return graph.get_graph(xray=True).draw_mermaid(curve_style=CurveStyle.BASIS)


def named_in(page: str) -> dict[str, str]:
    """The drawings that a page has, by the name above each."""
    return {found["name"]: found["drawn"] for found in NAMED.finditer(page)}


def with_drawings(page: str, drawings: Mapping[str, str]) -> str:
    """The page with these drawings in place of those it has by their names."""

    def anew(found: re.Match[str]) -> str:
        start, end = (place - found.start() for place in found.span("drawn"))
        return found.group()[:start] + drawings[found["name"]] + found.group()[end:]

    return NAMED.sub(anew, page)


def main() -> None:
    """Put the drawings into their pages."""
    PAGE.write_text(BLOCK.sub(lambda _: drawing(), PAGE.read_text("utf-8"), count=1), "utf-8")
    STUDIO.write_text(with_drawings(STUDIO.read_text("utf-8"), shipped_drawings()), "utf-8")


if __name__ == "__main__":
    main()
