"""Addresses that stand in a text without markup."""

from __future__ import annotations

import re
from collections.abc import Iterator

from langgraph_quorum.nodes.documents.model import Block, Link, Place

_ADDRESS = re.compile(
    r"(?:https?|ftp)://[^\s<>\"'`]+|\bwww\.[^\s<>\"'`]+\.[^\s<>\"'`]+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+"
)
_PUNCTUATION = ".,;:!?]}*_"


def find_addresses(text: str) -> Iterator[tuple[int, str, str]]:
    """Offset, target and text of each address; punctuation after an address is the sentence's, not its own."""
    for found in _ADDRESS.finditer(text):
        address = found[0].rstrip(_PUNCTUATION)
        while address.endswith(")") and address.count(")") > address.count("("):
            address = address[:-1].rstrip(_PUNCTUATION)
        target = address
        if "://" not in address:
            target = f"https://{address}" if address.startswith("www.") else f"mailto:{address}"
        yield found.start(), target, address


def links_in(block: Block) -> Iterator[Link]:
    """The addresses in a block, each placed on its line if the block's line is known."""
    for offset, target, text in find_addresses(block.text):
        place = Place(**block.place)
        place.pop("end_line", None)
        if "line" in place:
            place["line"] += block.text.count("\n", 0, offset)
        yield Link(target, text, place)
