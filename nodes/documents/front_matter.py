"""Front matter of Markdown files: the YAML between two `---` lines, or TOML between `+++`, at the very top."""

from __future__ import annotations

import re
from collections.abc import Sequence

from langgraph_quorum.nodes.documents.model import Block, Place

_FENCES = {"---": ("---", "..."), "+++": ("+++",)}
_KEY = re.compile(r"([A-Za-z_][\w .-]*?)\s*[:=]\s*(.*)$")


def take_front_matter(lines: Sequence[str]) -> tuple[list[str], list[Block]]:
    """The lines with the front matter blanked out, so that they keep their numbers, and a block for each key."""
    ends = _FENCES.get(lines[0].lstrip("\ufeff").rstrip(), ()) if lines else ()
    end = next((at for at in range(1, len(lines)) if lines[at].rstrip() in ends), None)
    if end is None or not any(_KEY.match(line) for line in lines[1:end]):
        return list(lines), []
    return [""] * (end + 1) + list(lines[end + 1 :]), _keys(lines[1:end])


def front_matter_title(blocks: Sequence[Block]) -> str:
    """The value of the key `title`, "" without one."""
    for block in blocks:
        key, _, value = block.text.partition(": ")
        if key.lower() == "title":
            return value.strip("\"'")
    return ""


def _keys(lines: Sequence[str]) -> list[Block]:
    """Indented lines and list items belong to the key above; comments and the headers of TOML tables to none."""
    blocks: list[Block] = []
    for number, line in enumerate(lines, start=2):  # the fence is line 1
        if found := _KEY.match(line):
            place = Place(section="", line=number, end_line=number)
            blocks.append(Block("metadata", f"{found[1]}: {found[2]}".strip(), place))
        elif blocks and line.strip() and not line.startswith(("#", "[")):
            last = blocks[-1]
            place = Place(section="", line=last.place["line"], end_line=number)
            blocks[-1] = Block("metadata", f"{last.text}\n{line.strip()}", place)
    return blocks
