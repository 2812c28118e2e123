"""`weighted`: field by field, each kind of value in its own way, all by weight."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from langgraph_quorum.nodes.merging.combine import Combiner
from langgraph_quorum.nodes.merging.interval import IntervalName, check_interval
from langgraph_quorum.nodes.merging.made import Plain
from langgraph_quorum.nodes.merging.notes import Notes
from langgraph_quorum.nodes.merging.scored import Scored


@dataclass(frozen=True, slots=True)
class Weighted:
    """Numbers averaged with an interval, categories voted on, texts selected, lists united with support.

    Attributes:
        interval: How intervals are made, of numbers and of the quality: `student_t` or `bootstrap`.

    Raises:
        ConfigurationError: for a method that there is not.
    """

    interval: IntervalName = "student_t"

    def __post_init__(self) -> None:
        check_interval(self.interval, "Weighted.interval")

    @property
    def name(self) -> str:
        """What it goes by."""
        return "weighted"

    def __call__(self, results: Sequence[Scored], weights: Mapping[str, float]) -> Plain:
        """Combine the results' values."""
        notes = Notes()
        values = [(result.value, weights[result.branch_id], result.branch_id) for result in results]
        value = Combiner(notes, self.interval).combined(values)
        return notes.made(value, fields=notes.fields)
