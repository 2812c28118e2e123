"""`consensus`: one label for each item, voted on; where too few agree, a human is asked to look."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from langgraph_quorum.nodes.merging.ballot import Ballot
from langgraph_quorum.nodes.merging.deciding import Decided, Heads, Recorded
from langgraph_quorum.nodes.merging.fields import field_by_field
from langgraph_quorum.nodes.merging.label_record import LabelRecord
from langgraph_quorum.nodes.merging.made import Plain
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.state.bounds import is_whole, require
from langgraph_quorum.state.errors import ConfigurationError, MissingExtraError
from langgraph_quorum.state.words import suggestion

Method = Literal["majority", "weighted", "log_odds", "dawid_skene"]
METHODS = ("majority", "weighted", "log_odds", "dawid_skene")


@dataclass(frozen=True, slots=True)
class Consensus:
    """Votes on every field by itself; a value that is no dict is one label, and lists are labels as a whole.

    Where some results hold a dict and others a label, the side with more weight is voted on; for `majority` and
    `log_odds` the one with more results.

    Methods:
        majority: Each result has one vote.
        weighted: Each votes with its weight.
        log_odds: Each votes with log(q · (k - 1) / (1 - q)), its quality q read as the chance to be right about one of
            the k labels given to the item; no better than chance counts next to nothing. Best where the errors are
            independent (Nitzan & Paroush 1982). With a `record` the quality of a specialist that it knows is its
            accuracy there, and the label is the most probable one given who tends to say what when which is true. So
            who is wrong in a known way says something, too. The attribution is by votes all the same; probabilities
            take errors as independent, and are too sure where they are not.
        dawid_skene: Each specialist's reliability is estimated from how all items were labelled (Dawid & Skene 1979),
            by crowd-kit, and from its measured quality, read as its chance to be right. Items are the fields of
            results that map items to labels. With fewer than `least_items` that two specialists or more have labelled
            it is `weighted`, and the result says so. The attribution is by weight; what the model thinks of each
            specialist is in `metadata["reliability"]`.

    Attributes:
        method: How it is voted.
        agreement: Share of the votes on an item that its label needs, 0..1; below, the label is still given and
            `Merged.review` names the item. For Dawid-Skene and with a record, the probability of the label.
        least_items: Items that Dawid-Skene needs, from 1.
        record: Who gave which label when which was true, for `log_odds`. When it knows no specialist of the results,
            they vote by their qualities, and `Merged.review` says so.
        own_quality: With a record, whether a result's measured quality is its chance to be right this time, and takes
            the place of its specialist's accuracy: a better one than that makes its label more probable, a worse one
            less. For qualities that are such chances, as `TrackRecord` makes of stated confidences. A result without
            one has its specialist's accuracy.

    Raises:
        ConfigurationError: for an option that is out of its bounds.
        MissingExtraError: for Dawid-Skene without the extra `consensus`.
    """

    method: Method = "weighted"
    agreement: float = 0.6
    least_items: int = 10
    record: LabelRecord | None = None
    own_quality: bool = False

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ConfigurationError("Consensus.method", self.method, suggestion(str(self.method), METHODS))
        mend = "give a fraction from 0 to 1"
        require(ConfigurationError, "Consensus.agreement", self.agreement, lambda x: 0 <= x <= 1, mend)
        mend = "give a whole number from 1"
        require(ConfigurationError, "Consensus.least_items", self.least_items, lambda x: x >= 1 and is_whole(x), mend)
        if self.method == "dawid_skene" and importlib.util.find_spec("crowdkit") is None:
            raise MissingExtraError("consensus", "Consensus(method='dawid_skene')")
        if self.record is not None and not isinstance(self.record, LabelRecord):
            raise ConfigurationError("Consensus.record", self.record, "give a LabelRecord")
        if self.record is not None and self.method != "log_odds":
            raise ConfigurationError("Consensus.record", self.method, "give a record with method='log_odds'")
        if not isinstance(self.own_quality, bool):
            raise ConfigurationError("Consensus.own_quality", self.own_quality, "give True or False")
        if self.own_quality and self.record is None:
            raise ConfigurationError("Consensus.own_quality", self.own_quality, "give a record with it")

    @property
    def name(self) -> str:
        """What it goes by."""
        return "consensus"

    def __call__(self, results: Sequence[Scored], weights: Mapping[str, float]) -> Plain:
        """Vote on the results' values."""
        ballot = Ballot(self.method, self.agreement, {result.branch_id: result for result in results})
        values = [(result.value, weights[result.branch_id], result.branch_id) for result in results]
        if self.method == "dawid_skene":
            ballot.learn(values, self.least_items)
        if self.record is not None:
            ballot.read(self.record.evidence(), self.own_quality)
        # Its own votes are what counts here; which labels there are to choose from must not hang on the weights.
        heads = self.method in ("majority", "log_odds")
        value = field_by_field(values, ballot.settle, ballot.notes, heads=heads)
        return ballot.made(value, weights)

    def decided(
        self, branches: Mapping[str, str] | Sequence[str], *fields: str, at_least: int = 1
    ) -> Callable[[Mapping[str, Any]], bool]:
        """For `SyncPolicy(threshold=1.0, until=...)`: whether those outstanding can still change what `merge` gives.

        True once they cannot, whatever they say, so that waiting for them changes no label. For votes that are known
        before they are cast: `majority`, and `log_odds` with a record. A branch that failed counts as outstanding.
        Results in which some hold a dict and others a label are never decided.

        Args:
            branches: All that vote: the specialist of each branch, or names that are both.
            fields: Dotted paths of the labels to wait for; none when each result is a label.
            at_least: Results that must be in besides, from 1.

        Raises:
            ConfigurationError: for another method, for a specialist that the record does not know, or an argument that
                is out of its bounds.
        """
        named = dict(branches) if isinstance(branches, Mapping) else {name: name for name in branches}
        mend = f"give a whole number from 1 to {len(named)}, the number of branches"
        require(ConfigurationError, "decided.at_least", at_least, lambda x: 1 <= x <= len(named) and is_whole(x), mend)
        if self.record is None and self.method != "majority":
            mend = "give 'majority', or 'log_odds' with a record: other votes are not known before they are cast"
            raise ConfigurationError("Consensus.method", self.method, mend)
        if self.own_quality:
            mend = "give False: qualities are not known before the votes are cast"
            raise ConfigurationError("Consensus.own_quality", self.own_quality, mend)
        unknown = [] if self.record is None else sorted({one for one in named.values() if not self.record.count(one)})
        if unknown:
            raise ConfigurationError("decided.branches", unknown[0], "name specialists that the record knows")
        return Decided(Heads() if self.record is None else Recorded(self.record), named, fields or ("",), at_least)
