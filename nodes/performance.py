"""What the state keeps of a branch in figures."""

from __future__ import annotations

from langgraph_quorum.state.records import BranchRecord


def performance(record: BranchRecord) -> dict[str, float]:
    """`seconds`, `waited_s` and `attempts` of a record; `quality` and `cost` where they are known."""
    figures = {"seconds": record["seconds"], "waited_s": record["waited_s"], "attempts": float(record["attempts"])}
    quality = record["quality"]
    if quality is not None and quality["score"] is not None:
        figures["quality"] = quality["score"]
    if record["cost"] is not None:
        figures["cost"] = record["cost"]
    return figures
