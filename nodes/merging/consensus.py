"""`consensus`: one label for each item, voted on; where too few agree, a human is asked to look."""

from __future__ import annotations

import importlib.util
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from langgraph_quorum.nodes.merging.combine import vote
from langgraph_quorum.nodes.merging.fields import by_value, field_by_field, shown
from langgraph_quorum.nodes.merging.made import Plain
from langgraph_quorum.nodes.merging.notes import Notes, Weighed
from langgraph_quorum.nodes.merging.reliability import Answer, Reliability, reliability
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.state.bounds import is_whole, require
from langgraph_quorum.state.errors import ConfigurationError, MissingExtraError
from langgraph_quorum.state.words import counted, suggestion

Method = Literal["majority", "weighted", "log_odds", "dawid_skene"]
METHODS = ("majority", "weighted", "log_odds", "dawid_skene")

_LEAST_VOTE = 0.001
_SUREST = 0.99


@dataclass(frozen=True, slots=True)
class Consensus:
    """Votes on every field by itself; a value that is no dict is one label, and lists are labels as a whole.

    Methods:
        majority: Each result has one vote.
        weighted: Each votes with its weight.
        log_odds: Each votes with log(q · (k - 1) / (1 - q)), its quality q read as the chance to be right about one of
            the k labels given to the item; no better than chance counts next to nothing. Best where the errors are
            independent (Nitzan & Paroush 1982).
        dawid_skene: Each specialist's reliability is estimated from how all items were labelled (Dawid & Skene 1979),
            by crowd-kit, and from its measured quality, read as its chance to be right. Items are the fields of
            results that map items to labels. With fewer than `least_items` that two specialists or more have labelled
            it is `weighted`, and the result says so. The attribution is by weight; what the model thinks of each
            specialist is in `metadata["reliability"]`.

    Attributes:
        method: How it is voted.
        agreement: Share of the votes on an item that its label needs, 0..1; below, the label is still given and
            `Merged.review` names the item. For Dawid-Skene, the probability of the label.
        least_items: Items that Dawid-Skene needs, from 1.

    Raises:
        ConfigurationError: for an option that is out of its bounds.
        MissingExtraError: for Dawid-Skene without the extra `consensus`.
    """

    method: Method = "weighted"
    agreement: float = 0.6
    least_items: int = 10

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ConfigurationError("Consensus.method", self.method, suggestion(str(self.method), METHODS))
        mend = "give a fraction from 0 to 1"
        require(ConfigurationError, "Consensus.agreement", self.agreement, lambda x: 0 <= x <= 1, mend)
        mend = "give a whole number from 1"
        require(ConfigurationError, "Consensus.least_items", self.least_items, lambda x: x >= 1 and is_whole(x), mend)
        if self.method == "dawid_skene" and importlib.util.find_spec("crowdkit") is None:
            raise MissingExtraError("consensus", "Consensus(method='dawid_skene')")

    @property
    def name(self) -> str:
        """What it goes by."""
        return "consensus"

    def __call__(self, results: Sequence[Scored], weights: Mapping[str, float]) -> Plain:
        """Vote on the results' values."""
        ballot = _Ballot(self, {result.branch_id: result for result in results})
        values = [(result.value, weights[result.branch_id], result.branch_id) for result in results]
        if self.method == "dawid_skene":
            ballot.learn(values)
        value = field_by_field(values, ballot.settle, ballot.notes)
        return ballot.made(value, weights)


@dataclass(slots=True)
class _Ballot:
    """One vote on everything."""

    options: Consensus
    results: Mapping[str, Scored]
    notes: Notes = field(default_factory=Notes)
    learned: Reliability | None = None
    agreements: dict[str, float] = field(default_factory=dict)
    votes: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    unsure: list[str] = field(default_factory=list)

    def learn(self, values: Sequence[Weighed]) -> None:
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
        if shared < self.options.least_items:
            items = counted(shared, "item")
            need = f"Dawid-Skene needs {self.options.least_items}"
            self.notes.review.append(f"{items} labelled by two specialists or more, {need}: voted by weight instead")
        else:
            self.learned = reliability(answers, self._qualities())

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
        label, share, _ = vote(values, votes, path, self.notes)
        self._agreed(path, label, share)
        return label

    def _votes(self, values: Sequence[Weighed]) -> list[float]:
        if self.options.method == "majority":
            return [1.0] * len(values)
        if self.options.method == "log_odds":
            others = max(2, len(by_value(values))) - 1
            return [_log_odds(self.results[branch].quality, others) for _, _, branch in values]
        return [weight for _, weight, _ in values]

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
        if share < self.options.agreement - 1e-9:
            where = f"{path}: " if path else ""
            asked = f"{self.options.agreement:.0%} asked for"
            self.notes.review.append(f"{where}only {share:.0%} agree on {shown(label)}, {asked}")

    def made(self, value: Any, weights: Mapping[str, float]) -> Plain:
        """The labels with what each result weighed in the vote."""
        said: dict[str, Any] = {"method": self.options.method, "agreement": dict(sorted(self.agreements.items()))}
        own: Mapping[str, float] | None = None
        if self.learned is not None:
            said["reliability"] = self.learned.accuracies
        elif self.options.method == "dawid_skene":
            said["method"] = "weighted"
        elif self.options.method != "weighted":
            own = {branch: self._mean_vote(branch) for branch in weights}
        return replace(self.notes.made(value, **said), weights=own)

    def _mean_vote(self, branch: str) -> float:
        """What a branch's vote counted over all items; one without a voice in any has that of one item's."""
        votes = self.votes.get(branch)
        if votes:
            return math.fsum(sorted(votes)) / len(votes)
        return 1.0 if self.options.method == "majority" else _log_odds(self.results[branch].quality, 1)


def _log_odds(quality: float | None, others: int) -> float:
    """A vote worth the evidence; a quality that nothing measured is that of a coin."""
    sure = min(_SUREST, 0.5 if quality is None else quality)
    return max(_LEAST_VOTE, math.log(sure * others / (1 - sure))) if sure > 0 else _LEAST_VOTE
