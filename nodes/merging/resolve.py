"""`resolve`: where results contradict each other, a named rule settles it, field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from langgraph_quorum.nodes.merging.fields import by_value, field_by_field, shown, weight_of
from langgraph_quorum.nodes.merging.made import Plain
from langgraph_quorum.nodes.merging.notes import Notes, Weighed, shares
from langgraph_quorum.nodes.merging.recency import instant, time_told
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.state.bounds import require
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.words import suggestion

Rule = Literal["trust", "recency", "majority", "human"]
RULES = ("trust", "recency", "majority", "human")

_NAMED = 5
"""Times that cannot be read that are named at most; of more, it is said how many."""


@dataclass(frozen=True, slots=True)
class Resolve:
    """Finds the fields whose values differ and settles each by its rule; everything else is taken as it is.

    Rules:
        trust: The value of the specialist that is trusted most; those that `trust` does not name come last.
        recency: The newest value. A result without a time, or with one that cannot be read, counts as the oldest.
        majority: The value that most results hold.
        human: Left open: the field is None, `Merged.review` asks, and `metadata["open"]` has the candidates.

    Where a rule leaves several values level, the one with more weight is taken, then the first by its spelling. Lists
    and texts are compared as a whole; a missing field or None contradicts nothing. `Merged.review` names times that
    cannot be read.

    Attributes:
        rule: For all fields that `by_field` does not name.
        by_field: Rules by dotted path; a path stands for all below it too.
        trust: By specialist, 0..1.
        timestamp: Dotted name of the field that says when a result was made, ISO 8601 or seconds since 1970; when
            empty, the time its branch began counts. The field itself is settled by recency.

    Raises:
        ConfigurationError: for an unknown rule, trust that is out of its bounds or all 0, and options of another type.
    """

    rule: Rule = "majority"
    by_field: Mapping[str, Rule] = field(default_factory=dict)
    trust: Mapping[str, float] = field(default_factory=dict)
    timestamp: str = ""

    def __post_init__(self) -> None:
        for name, mend in (
            ("by_field", "give a dict of rules by dotted path"),
            ("trust", "give a dict of 0 to 1 by specialist"),
        ):
            if not isinstance(getattr(self, name), Mapping):
                raise ConfigurationError(f"Resolve.{name}", getattr(self, name), mend)
        if not isinstance(self.timestamp, str):
            raise ConfigurationError(
                "Resolve.timestamp", self.timestamp, "give the dotted name of a field, or leave out"
            )
        for where, rule in (
            ("rule", self.rule),
            *((f"by_field[{path}]", rule) for path, rule in self.by_field.items()),
        ):
            if rule not in RULES:
                raise ConfigurationError(f"Resolve.{where}", rule, suggestion(str(rule), RULES))
        for specialist, trust in self.trust.items():
            mend = "give a fraction from 0 to 1"
            require(ConfigurationError, f"Resolve.trust[{specialist}]", trust, lambda x: 0 <= x <= 1, mend)
        if self.trust and not any(self.trust.values()):
            raise ConfigurationError("Resolve.trust", dict(self.trust), "give at least one specialist more than 0")
        if "trust" in {self.rule, *self.by_field.values()} and not self.trust:
            raise ConfigurationError("Resolve.trust", {}, "give the rule 'trust' a trust for specialists by name")

    @property
    def name(self) -> str:
        """What it goes by."""
        return "resolve"

    def __call__(self, results: Sequence[Scored], weights: Mapping[str, float]) -> Plain:
        """Settle what the results contradict each other in."""
        bench = _Bench(self, {result.branch_id: result for result in results})
        values = [(result.value, weights[result.branch_id], result.branch_id) for result in results]
        value = field_by_field(values, bench.settle, bench.notes)
        bench.tell_unreadable()
        return bench.notes.made(
            value, conflicts=dict(sorted(bench.conflicts.items())), open=dict(sorted(bench.open.items()))
        )

    def rule_for(self, path: str) -> Rule:
        """The rule of the field, or of the nearest one above it that has one."""
        if self.timestamp and path == self.timestamp:
            return "recency"
        while path:
            if path in self.by_field:
                return self.by_field[path]
            path = path.rpartition(".")[0]
        return self.by_field.get("", self.rule)


@dataclass(slots=True)
class _Bench:
    """Where conflicts are settled."""

    options: Resolve
    results: Mapping[str, Scored]
    notes: Notes = field(default_factory=Notes)
    conflicts: dict[str, str] = field(default_factory=dict)
    """By path, the rule that has settled it."""
    open: dict[str, list[Any]] = field(default_factory=dict)
    """By path, the candidates of what is left to a human."""
    unreadable: dict[str, Any] = field(default_factory=dict)
    """By branch, the time that it tells and that is none."""

    def settle(self, values: Sequence[Weighed], path: str) -> Any:
        """The value of one field."""
        held = by_value(values)
        if len(held) == 1:
            self.notes.rests_on(path, values)
            return values[0][0]
        rule = self.options.rule_for(path)
        self.conflicts[path or "value"] = rule
        if rule == "human":
            return self._left_open(held, path)
        rank = {"trust": self._trust, "recency": self._newest, "majority": self._count}[rule]
        ranks = {key: rank(members) for key, members in held.items()}
        winner = min(held, key=lambda key: (-ranks[key], -round(weight_of(held[key]), 12), key))
        level = [key for key in held if ranks[key] == ranks[winner]]
        chosen = shown(held[winner][0][0])
        how: str = rule
        if len(level) > 1:
            where = f"{path}: " if path else ""
            how = f"{rule} leaves {len(level)} values level, weight"
            self.notes.review.append(f"{where}{rule} leaves {len(level)} values level, {chosen} weighs most")
        self._lost(held, winner, path, f"{how} decides for {chosen}")
        self.notes.rests_on(path, held[winner])
        return held[winner][0][0]

    def _left_open(self, held: Mapping[str, list[Weighed]], path: str) -> None:
        candidates = [f"{shown(members[0][0])} ({_names(members)})" for members in held.values()]
        self.notes.review.append(f"{path or 'the result'}: choose between {' and '.join(candidates)}")
        self.open[path or "value"] = [members[0][0] for members in held.values()]
        self._lost(held, "", path, "left to a human")

    def _lost(self, held: Mapping[str, list[Weighed]], winner: str, path: str, why: str) -> None:
        parts = shares([weight_of(members) for members in held.values()])
        for (key, members), share in zip(held.items(), parts, strict=True):
            if key != winner:
                self.notes.differs(path, members[0][0], share, members)
                self.notes.leaves_out(path, members, f"{shown(members[0][0])}: {why}")

    def _trust(self, members: Sequence[Weighed]) -> float:
        trust = self.options.trust
        return max(trust.get(self.results[branch].specialist, -1.0) for _, _, branch in members)

    def _newest(self, members: Sequence[Weighed]) -> float:
        newest = float("-inf")
        for _, _, branch in members:
            told = time_told(self.results[branch], self.options.timestamp)
            moment = instant(told)
            if moment is not None:
                newest = max(newest, moment)
            elif told is not None:
                self.unreadable[branch] = told
        return newest

    def tell_unreadable(self) -> None:
        """Name the times that recency has looked at and could not read."""
        if self.unreadable:
            told = [f"{shown(time)} ({branch})" for branch, time in sorted(self.unreadable.items())]
            more = [f"{len(told) - _NAMED} more"] if len(told) > _NAMED else []
            where = self.options.timestamp or "when the branch began"
            mend = "give ISO 8601 or seconds since 1970: it counts as the oldest"
            self.notes.review.append(f"{where}: no time is {', '.join([*told[:_NAMED], *more])}: {mend}")

    def _count(self, members: Sequence[Weighed]) -> float:
        return len(members)


def _names(members: Sequence[Weighed]) -> str:
    return ", ".join(branch for _, _, branch in members)
