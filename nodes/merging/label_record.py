"""How often a specialist gave which label when which was true: counted from outcomes that somebody has checked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from langgraph_quorum.nodes.merging.evidence import Counts, Evidence
from langgraph_quorum.nodes.merging.fields import spelled
from langgraph_quorum.nodes.scoring.observed import pairs_in
from langgraph_quorum.nodes.scoring.record_file import load_record, save_record
from langgraph_quorum.state.errors import ConfigurationError


class LabelRecord:
    """The counts of each specialist's labels by the true label. It grows with the labels, not with the observations.

    One record is for one kind of label, whatever the field. Its cases should be as they occur: how frequent a label is
    among them is taken for how frequent it is.

    Args:
        observations: By the specialist's name, pairs of the label it gave and the true one.

    Raises:
        ConfigurationError: for a label that is None, a dict, or no JSON, and for what is no dict of lists of pairs.
    """

    def __init__(self, observations: Mapping[str, Iterable[tuple[Any, Any]]] | None = None) -> None:
        self._counts: dict[str, dict[str, Counter[str]]] = {}
        self._evidence: Evidence | None = None
        mend = "give a dict of each specialist's pairs of the label that it gave and the true one"
        for specialist, said, true in pairs_in(observations, mend):
            self.add(specialist, said, true)

    def add(self, specialist: str, said: Any, true: Any) -> None:
        """Take one observation down.

        Raises:
            ConfigurationError: for a label that is None, a dict, or no JSON.
        """
        given, right = _label("said", said), _label("true", true)
        self._counts.setdefault(specialist, {}).setdefault(right, Counter())[given] += 1
        self._evidence = None

    def count(self, specialist: str) -> int:
        """Observations of this specialist."""
        return sum(given.total() for given in self._counts.get(specialist, {}).values())

    def accuracy(self, specialist: str) -> float:
        """Its chance to be right by Laplace's rule, (right + 1) / (seen + 2); 0.5 of one that was never seen."""
        return self.evidence().accuracy(specialist)

    def evidence(self) -> Evidence:
        """What an answer says of each label, by what has been counted up to now."""
        if self._evidence is None:
            self._evidence = Evidence.of(self._counts)
        return self._evidence

    def save(self, path: str | Path) -> None:
        """Write it as JSON, in place of what is there. Blocks."""
        save_record(path, self._counts)

    @classmethod
    def load(cls, path: str | Path) -> LabelRecord:
        """Read what `save` has written. Blocks.

        Raises:
            ConfigurationError: when the file holds something else.
            OSError: when it cannot be read.
        """
        record = cls()
        record._counts = load_record(path, "LabelRecord", _counts_in)
        return record


def _label(field: str, label: Any) -> str:
    """Its spelling."""
    if label is None or isinstance(label, dict):
        raise ConfigurationError(field, label, "give one label: a text, a number, True or False, or a list")
    try:
        return spelled(label)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(field, label, f"give a label that is JSON ({error})") from error


def _counts_in(stored: Any) -> Counts:
    return {
        str(specialist): {str(true): _given_in(given) for true, given in by_true.items()}
        for specialist, by_true in stored.items()
    }


def _given_in(stored: Any) -> Counter[str]:
    if not all(type(count) is int and count > 0 for count in stored.values()):
        raise ValueError("counts are whole numbers from 1")
    return Counter(stored)
