"""What every document specialist answers: findings with their places, measures, and how much it could look at."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from langgraph_quorum.nodes.documents.model import Place, Severity


class Finding(TypedDict):
    """One thing found, and where a reader can check it."""

    kind: str
    """What sort of finding, in snake case, for instance `obligation`, `long_sentence`, `code_block`."""
    text: str
    """The finding in words, one line, at most 300 characters."""
    where: Place
    quote: NotRequired[str]
    """Words of the document that show it, as they stand in the block at `where` (white space may be folded),
    at most 300 characters. Every finding that rests on particular words carries them: the scorer checks them."""
    severity: NotRequired[Severity]
    """Only for faults; a fact has none."""
    value: NotRequired[float]
    """The measure behind the finding, when there is one; its unit is in `unit`."""
    unit: NotRequired[str]
    data: NotRequired[dict[str, object]]
    """Further facts, JSON primitives only."""


class Report(TypedDict):
    """The answer of a document specialist. JSON primitives only."""

    headline: str
    """The most useful sentence about this document, built from what was found; at most 200 characters."""
    findings: list[Finding]
    """Most important first."""
    measures: dict[str, float]
    """Named numbers about the whole document; each name carries its unit or is a ratio in 0..1."""
    coverage: float
    """Share in 0..1 of the material this specialist reads (its docstring says which) that it could analyse."""
    confidence: float
    """In 0..1: how far the amount of material supports the measures. Its formula stands in the specialist's docstring;
    `sample_confidence` is the usual one."""


def sample_confidence(samples: int, enough: int) -> float:
    """N / (n + enough/4), so that `enough` samples give 0.8: what a prior worth enough/4 samples leaves.

    Args:
        samples: Count of observed units (sentences, sections, words, ...), from 0.
        enough: The count that the method's own literature asks for, above 0.
    """
    return round(samples / (samples + enough / 4), 3) if samples > 0 else 0.0
