"""The sentences by which a document says of itself what it is for."""

from __future__ import annotations

import re
from collections.abc import Iterable

from langgraph_quorum.nodes.specialists.document.prose import Passage
from langgraph_quorum.nodes.specialists.document.section_roles import section_role
from langgraph_quorum.nodes.specialists.document.sentences import Sentence

_ITSELF = (
    r"(?:PEP|RFC|document|proposal|paper|guide|policy|report|specification|article|chapter|note|manual|memo|contract"
    r"|agreement|package|library|project|module|tool|tutorial|page)"
)
_SAYING = re.compile(
    rf"^(?:this {_ITSELF}\s(?:\w+ly\s)?[a-z]+s\b|this is an? (?:\w+\s)?{_ITSELF}\b"
    rf"|the (?:aim|purpose|goal|objective) of this {_ITSELF}\b|it is proposed\b|we propose\b|the proposal\b)",
    re.IGNORECASE,
)
_SECTIONS = 4
"""Passages at the beginning of a document that are searched."""


def says_purpose(text: str) -> bool:
    """Whether a sentence says what its document is for, as far as English formulas tell."""
    return bool(_SAYING.match(text))


def purpose_sentences(read: Iterable[Passage]) -> list[Sentence]:
    """The sentences of the first passages that say what the document is for, in reading order."""
    first = [passage for passage in read if section_role(passage.title) != "apparatus"][:_SECTIONS]
    return [sentence for passage in first for sentence in passage.sentences if says_purpose(sentence.text)]
