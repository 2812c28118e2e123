"""A merge that was made again under another policy, side by side with the first. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from typing_extensions import TypedDict

from langgraph_quorum.nodes.explaining.wording import Section, named, spelled, text_of
from langgraph_quorum.state.merged import Dissent, Merged


class Change(TypedDict):
    """One field of the value that differs."""

    field: str
    """Dotted path within the value; empty for the whole."""
    kind: Literal["changed", "added", "removed"]
    first: Any
    again: Any


class WeightChange(TypedDict):
    """What one branch weighs; None where a merge did not have it."""

    branch_id: str
    first: float | None
    again: float | None


class Row(TypedDict):
    """One line of a comparison."""

    what: str
    first: str
    again: str


@dataclass(frozen=True, slots=True)
class Remerged:
    """Two merges of one run's stored results. JSON primitives throughout; nothing of it is written anywhere.

    Attributes:
        thread_id: Whose results.
        first: As the run has merged them, as it stands; None where it has not come so far.
        again: As they were merged now.
        weighing: The weight policy's numbers, now.
        first_weighing: The same of the first; None where they are not known.
        changes: Fields of the value that differ.
        weights: What each branch weighs, the heaviest now first.
        notes: What is to be known before the two are compared.
    """

    thread_id: str
    first: Merged | None
    again: Merged
    weighing: dict[str, float]
    first_weighing: dict[str, float] | None = None
    changes: list[Change] = field(default_factory=list)
    weights: list[WeightChange] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        """Whether value, quality and weights came out the same."""
        same_weights = all(_is_near(one["first"], one["again"]) for one in self.weights)
        return self.first is not None and not self.changes and same_weights and _same_quality(self.first, self.again)

    def as_json(self) -> dict[str, Any]:
        """The same as a dict."""
        return {**asdict(self), "same": self.is_same}

    def tables(self, most: int = 12) -> list[tuple[str, list[Row]]]:
        """Titles with rows, first and again side by side; `most` rows of one kind."""
        parts = [
            ("The result", list(_figures(self))),
            ("What changed in the value", [_change_row(one) for one in self.changes]),
            ("What each branch weighs", [_weight_row(one) for one in self.weights]),
            ("Support, by weight", list(_support(self.first, self.again))),
            ("Dissent", list(_dissent(self.first, self.again))),
        ]
        return [(title, _cut(rows, most)) for title, rows in parts if rows]

    def text(self, most: int = 12) -> str:
        """In plain words, lines unwrapped: `quality: 0.61 -> 0.63`."""
        parts = [
            Section(title, [f"{row['what']}: {row['first'] or '-'} -> {row['again'] or '-'}" for row in rows])
            for title, rows in self.tables(most)
        ]
        review = Section("Worth a look", list(self.again["review"][:most]))
        return text_of([part for part in (*parts, review, Section("Note", self.notes)) if part.lines])


def compared(
    thread_id: str,
    first: Merged | None,
    again: Merged,
    *,
    weighing: dict[str, float],
    first_weighing: dict[str, float] | None,
    notes: list[str],
) -> Remerged:
    """The two merges with what differs between them."""
    changes = [] if first is None else list(_changes(first["value"], again["value"]))
    before = {} if first is None else {row["branch_id"]: row["weight"] for row in first["attribution"]}
    now = {row["branch_id"]: row["weight"] for row in again["attribution"]}
    weights = [
        WeightChange(branch_id=name, first=before.get(name), again=now.get(name))
        for name in dict.fromkeys([*now, *before])
    ]
    return Remerged(thread_id, first, again, weighing, first_weighing, changes, weights, notes)


def _changes(first: Any, again: Any, path: str = "") -> Iterator[Change]:
    if isinstance(first, Mapping) and isinstance(again, Mapping):
        for name in dict.fromkeys([*first, *again]):
            where = f"{path}.{name}" if path else name
            if name not in again:
                yield Change(field=where, kind="removed", first=first[name], again=None)
            elif name not in first:
                yield Change(field=where, kind="added", first=None, again=again[name])
            else:
                yield from _changes(first[name], again[name], where)
    elif first != again:
        yield Change(field=path, kind="changed", first=first, again=again)


def _is_near(one: float | None, other: float | None) -> bool:
    return one == other if one is None or other is None else abs(one - other) < 1e-9  # noqa: PLR2004  rounding


def _same_quality(first: Merged, again: Merged) -> bool:
    bounds = zip(first["confidence_interval"], again["confidence_interval"], strict=True)
    return _is_near(first["quality"], again["quality"]) and all(_is_near(low, high) for low, high in bounds)


def _figures(told: Remerged) -> Iterator[Row]:
    first, again = told.first, told.again
    yield _row("strategy", first, again, lambda merged: merged["strategy"])
    yield Row(what="weighing", first=_policy(told.first_weighing), again=_policy(told.weighing))
    yield _row("value", first, again, lambda merged: spelled(merged["value"]))
    yield _row("quality", first, again, lambda merged: f"{merged['quality']:.4f}")
    yield _row("interval", first, again, lambda merged: " to ".join(f"{x:.4f}" for x in merged["confidence_interval"]))
    yield _row("results", first, again, lambda merged: str(merged["sources_count"]))
    yield _row("rests on", first, again, lambda merged: named(merged.get("sources", [])))


def _row(what: str, first: Merged | None, again: Merged, shown: Any) -> Row:
    return Row(what=what, first="" if first is None else shown(first), again=shown(again))


def _policy(numbers: Mapping[str, float] | None) -> str:
    if numbers is None:
        return ""
    return f"{numbers['quality_share']:g} quality, {numbers['speed_share']:g} speed, halving {numbers['halving_s']:g} s"


def _change_row(one: Change) -> Row:
    first = "" if one["kind"] == "added" else spelled(one["first"])
    return Row(
        what=one["field"] or "the whole", first=first, again="" if one["kind"] == "removed" else spelled(one["again"])
    )


def _weight_row(one: WeightChange) -> Row:
    first, again = ("" if share is None else f"{share:.2%}" for share in (one["first"], one["again"]))
    return Row(what=one["branch_id"], first=first, again=again)


def _support(first: Merged | None, again: Merged) -> Iterator[Row]:
    before = {} if first is None else first.get("support", {})
    for path in sorted({*before, *again["support"]}):
        held = [f"{shares[path]:.0%}" if path in shares else "" for shares in (before, again["support"])]
        yield Row(what=path or "the whole", first=held[0], again=held[1])


def _dissent(first: Merged | None, again: Merged) -> Iterator[Row]:
    before, now = _by_field([] if first is None else first.get("dissent", [])), _by_field(again["dissent"])
    for path in sorted({*before, *now}):
        yield Row(what=path or "the whole", first=before.get(path, ""), again=now.get(path, ""))


def _by_field(dissent: list[Dissent]) -> dict[str, str]:
    told: dict[str, list[str]] = {}
    for one in dissent:
        said = f"{spelled(one['value'], 40)} {one['share']:.0%} ({named(one['branches'])})"
        told.setdefault(one["field"], []).append(said)
    return {path: "; ".join(said) for path, said in told.items()}


def _cut(rows: list[Row], most: int) -> list[Row]:
    return rows if len(rows) <= most else [*rows[:most], Row(what=f"and {len(rows) - most} more", first="", again="")]
