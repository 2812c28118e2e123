"""One vote on every field of a set of results."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from langgraph_quorum.nodes.merging.combine import vote
from langgraph_quorum.nodes.merging.evidence import SUREST, Evidence
from langgraph_quorum.nodes.merging.fields import by_value, field_by_field, shown, spelled
from langgraph_quorum.nodes.merging.made import Plain
from langgraph_quorum.nodes.merging.notes import Notes, Weighed
from langgraph_quorum.nodes.merging.reliability import Answer, Reliability, reliability
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.state.words import counted

_LEAST_VOTE = 0.001


@dataclass(slots=True)
class Ballot:
    """One vote on everything."""

    method: str
    agreement: float
    results: Mapping[str, Scored]
    notes: Notes = field(default_factory=Notes)
    learned: Reliability | None = None
    recorded: Evidence | None = None
    own_quality: bool = False
    agreements: dict[str, float] = field(default_factory=dict)
    votes: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def learn(self, values: Sequence[Weighed], least_items: int) -> None:
        """Estimate how reliable each specialist is, where there is enough to learn from."""
        answers: list[Answer] = []

        def collect(members: Sequence[Weighed], path: str) -> None:
            for key, holding in by_value(members).items():
                answers.extend([(path, self.results[branch].specialist, key) for _, _, branch in holding])

        field_by_field(values, collect, Notes())
        labelled: dict[str, set[str]] = defaultdict(set)
        for item, specialist, _ in answers:
            labelled[item].add(specialist)
        shared = sum([len(specialists) > 1 for specialists in labelled.values()])
        if shared < least_items:
            items = counted(shared, "item")
            need = f"Dawid-Skene needs {least_items}"
            self.notes.review.append(f"{items} labelled by two specialists or more, {need}: voted by weight instead")
        else:
            self.learned = reliability(answers, self._qualities())

    def read(self, evidence: Evidence, own_quality: bool) -> None:
        """Go by what has been seen of the specialists, where any of them was."""
        if any(result.specialist in evidence.accuracies for result in self.results.values()):
            self.recorded, self.own_quality = evidence, own_quality
        else:
            self.notes.review.append("no specialist is in the record of labels: voted by quality instead")

    def _qualities(self) -> dict[str, float]:
        """By specialist, the mean measured quality of its results."""
        measured: dict[str, list[float]] = defaultdict(list)
        for result in self.results.values():
            if result.quality is not None:
                measured[result.specialist].append(result.quality)
        return {specialist: math.fsum(qualities) / len(qualities) for specialist, qualities in measured.items()}

    def settle(self, values: Sequence[Weighed], path: str) -> Any:
        """The label of one item."""
        if self.learned is not None:
            return self._most_probable(values, path, self.learned.probabilities[path])
        votes = self._votes(values)
        for (_, _, branch), one in zip(values, votes, strict=True):
            self.votes[branch].append(one)
        if self.recorded is not None:
            return self._most_probable(values, path, self._probabilities(self.recorded, values))
        label, share, _ = vote(values, votes, path, self.notes)
        self._agreed(path, label, share)
        return label

    def _votes(self, values: Sequence[Weighed]) -> list[float]:
        if self.method == "majority":
            return [1.0] * len(values)
        if self.method == "log_odds":
            others = max(2, len(by_value(values))) - 1
            return [_log_odds(self._quality(branch), others) for _, _, branch in values]
        return [weight for _, weight, _ in values]

    def _probabilities(self, recorded: Evidence, values: Sequence[Weighed]) -> dict[str, float]:
        return recorded.probabilities(
            [(self.results[branch].specialist, spelled(label), self._quality(branch)) for label, _, branch in values]
        )

    def _quality(self, branch: str) -> float | None:
        """Its chance to be right: by the record, else as measured; with `own_quality` the other way."""
        result = self.results[branch]
        known = {} if self.recorded is None else self.recorded.accuracies
        if self.own_quality and result.quality is not None:
            return result.quality
        return known.get(result.specialist, result.quality)

    def _most_probable(self, values: Sequence[Weighed], path: str, probabilities: Mapping[str, float]) -> Any:
        """The label that the model finds most probable among those that were given."""
        held = by_value(values)
        winner = min(held, key=lambda key: (-round(probabilities[key], 9), key))
        self.notes.rests_on(path, held[winner])
        for key, members in held.items():
            if key != winner:
                self.notes.differs(path, members[0][0], probabilities[key], members)
                self.notes.leaves_out(path, members, f"less probable than {shown(held[winner][0][0])}")
        self._agreed(path, held[winner][0][0], probabilities[winner])
        return held[winner][0][0]

    def _agreed(self, path: str, label: Any, share: float) -> None:
        self.agreements[path or "value"] = share
        if share < self.agreement - 1e-9:
            where = f"{path}: " if path else ""
            asked = f"{self.agreement:.0%} asked for"
            self.notes.review.append(f"{where}only {share:.0%} agree on {shown(label)}, {asked}")

    def made(self, value: Any, weights: Mapping[str, float]) -> Plain:
        """The labels with what each result weighed in the vote."""
        said: dict[str, Any] = {"method": self.method, "agreement": dict(sorted(self.agreements.items()))}
        own: Mapping[str, float] | None = None
        if self.learned is not None:
            said["reliability"] = self.learned.accuracies
        elif self.recorded is not None:
            known = self.recorded.accuracies
            heard = sorted({result.specialist for result in self.results.values()})
            said["reliability"] = {specialist: known[specialist] for specialist in heard if specialist in known}
            own = {branch: self._mean_vote(branch) for branch in weights}
        elif self.method == "dawid_skene":
            said["method"] = "weighted"
        elif self.method != "weighted":
            own = {branch: self._mean_vote(branch) for branch in weights}
        return replace(self.notes.made(value, **said), weights=own)

    def _mean_vote(self, branch: str) -> float:
        """What a branch's vote counted over all items; one without a voice in any has that of one item's."""
        votes = self.votes.get(branch)
        if votes:
            return math.fsum(sorted(votes)) / len(votes)
        return 1.0 if self.method == "majority" else _log_odds(self._quality(branch), 1)


def _log_odds(quality: float | None, others: int) -> float:
    """A vote worth the evidence; a quality that nothing measured is that of a coin."""
    sure = min(SUREST, 0.5 if quality is None else quality)
    return max(_LEAST_VOTE, math.log(sure * others / (1 - sure))) if sure > 0 else _LEAST_VOTE
