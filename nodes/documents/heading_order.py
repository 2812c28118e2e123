"""Faults in how headings follow each other, for formats whose own tools do not look for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from langgraph_quorum.nodes.documents.model import Block, Fault


def skipped_levels(blocks: Iterable[Block]) -> Iterator[Fault]:
    """A heading more than one level below the one before it: readers then look for a section that is not there."""
    before = 0
    for block in blocks:
        if block.kind != "heading":
            continue
        if before and block.level > before + 1:
            message = f"heading level {block.level} follows level {before}: level {before + 1} is skipped"
            yield Fault(message, "warning", block.place, "heading-order")
        before = block.level
