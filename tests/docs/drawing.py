"""The drawing of the workflow, made by the library itself: `python -m tests.docs.drawing` writes it anew."""

from __future__ import annotations

import re
from pathlib import Path

from langgraph_quorum import Policies, Specialist, Tuning, ValidationPolicy, build_workflow

PAGE = Path(__file__).resolve().parents[2] / "docs" / "workflow.md"
BLOCK = re.compile(r"(?<=```mermaid\n).*?(?=```)", re.DOTALL)


def drawing() -> str:
    """The workflow with three specialists, and a human where targets stay unmet, as Mermaid."""
    crew = [Specialist(name, print) for name in ("security", "speed", "legal")]
    asking = Tuning(Policies(validation=ValidationPolicy(review="unmet")))
    return build_workflow(crew, tuning=asking).compile().get_graph().draw_mermaid()


def main() -> None:
    """Put the drawing into its page."""
    PAGE.write_text(BLOCK.sub(lambda _: drawing(), PAGE.read_text("utf-8"), count=1), "utf-8")


if __name__ == "__main__":
    main()
