"""Whether a label can still be another one, whatever those say that have not answered yet."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from langgraph_quorum.nodes.merging.evidence import Evidence, Voice
from langgraph_quorum.nodes.merging.fields import spelled
from langgraph_quorum.nodes.merging.label_record import LabelRecord

Said: TypeAlias = Sequence[tuple[str, str]]
"""Specialists, and the label that each has given, spelled."""

_CLOSE = 1e-4
"""A lead of less than this may be lost in rounding."""
_LEADER, _CHALLENGER, _OTHER = "\0leader", "\0challenger", "\0other"
"""Stand for labels that a record does not know: no JSON is spelled so."""


class Votes(Protocol):
    """How votes count that are known before they are cast."""

    @abstractmethod
    def is_settled(self, said: Said, outstanding: Sequence[str]) -> bool:
        """Whether no answers of these specialists can give another label than what was said."""


@dataclass(frozen=True, slots=True)
class Decided:
    """For `SyncPolicy(until=...)`: whether the label of each field is decided.

    Attributes:
        votes: How they count.
        branches: The specialist of each branch that votes.
        fields: Dotted paths of the labels; "" for results that are labels.
        at_least: Results that must be in.
    """

    votes: Votes
    branches: Mapping[str, str]
    fields: Sequence[str]
    at_least: int

    def __call__(self, results: Mapping[str, Any]) -> bool:
        """Whether it is, by the results so far. One of a branch that is not among `branches` decides nothing."""
        if len(results) < self.at_least or not results.keys() <= self.branches.keys():
            return False
        outstanding = sorted(specialist for branch, specialist in self.branches.items() if branch not in results)
        return all(self._is_decided(results, path, outstanding) for path in self.fields)

    def _is_decided(self, results: Mapping[str, Any], path: str, outstanding: Sequence[str]) -> bool:
        found = {branch: _at(result, path) for branch, result in results.items()}
        if any(isinstance(label, dict) for label in found.values()):
            return False
        said = [(self.branches[branch], spelled(label)) for branch, label in found.items() if label is not None]
        return bool(said) and self.votes.is_settled(sorted(said), outstanding)


class Heads:
    """One vote each."""

    def is_settled(self, said: Said, outstanding: Sequence[str]) -> bool:
        """Whether the first is further ahead than there are votes left."""
        (_, most), *others = Counter(label for _, label in said).most_common(2)
        return most - (others[0][1] if others else 0) > len(outstanding)


@dataclass(slots=True)
class Recorded:
    """Votes that count what a record makes of them."""

    record: LabelRecord
    _evidence: Evidence | None = None
    _turns: dict[tuple[str, str, str], float] = field(default_factory=dict)

    def is_settled(self, said: Said, outstanding: Sequence[str]) -> bool:
        """Whether the lead over each other label is more than all that is left can take from it."""
        evidence = self.record.evidence()
        if evidence is not self._evidence:
            self._evidence, self._turns = evidence, {}
        given = {label for _, label in said}
        scores = evidence.scores(_voices(said), {*evidence.frequency, *given, _CHALLENGER})
        leader = max(given, key=scores.__getitem__)
        return all(
            scores[leader] - score > sum([self._turn(one, leader, label) for one in outstanding]) + _CLOSE
            for label, score in scores.items()
            if label != leader
        )

    def _turn(self, specialist: str, leader: str, challenger: str) -> float:
        """The most that one answer can take from the lead; none takes nothing."""
        known = self.record.evidence().frequency
        first, second = leader if leader in known else _LEADER, challenger if challenger in known else _CHALLENGER
        place = (specialist, first, second)
        if place not in self._turns:
            self._turns[place] = max([0.0, *self._taken(specialist, first, second, (*known, second, _OTHER))])
        return self._turns[place]

    def _taken(self, specialist: str, first: str, second: str, labels: Iterable[str]) -> list[float]:
        evidence = self.record.evidence()
        voices = _voices([(specialist, label) for label in labels])
        return [evidence.log_chance(voice, second) - evidence.log_chance(voice, first) for voice in voices]


def _voices(said: Said) -> list[Voice]:
    return [(specialist, label, None) for specialist, label in said]


def _at(result: Any, path: str) -> Any:
    """What a result holds at a dotted path, None where it holds nothing."""
    for name in path.split(".") if path else ():
        result = result.get(name) if isinstance(result, Mapping) else None
    return dict(result) if isinstance(result, Mapping) else result
