"""What a run has touched: a generator that goes blind is noticed by what is no longer seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import get_args

from langgraph_quorum.state.records import BranchRecord, BranchStatus, ReleaseReason, WorkItem
from tests.schedules.driver import Played
from tests.schedules.journal import Event, SittingFacts

ALWAYS = (
    *(f"released: {reason}" for reason in get_args(ReleaseReason)),
    *(f"ended: {status}" for status in get_args(BranchStatus)),
    *(f"sitting: {how}" for how in ("done", "interrupted", "drained", "cancelled")),
    *(f"blow: {blow}" for blow in ("crash", "cancel", "drain")),
    "after a crash: records kept",
    "branch: by its fallback",
    "branch: excused",
    "branch: hedged",
    "branch: late result taken in",
    "branch: answered, not scored in time",
    "branch: missed one of its points",
    "branch: prerequisite is a point",
    "branch: resource held",
    "branch: retried",
    "branch: taken over by a later fan-out",
    "branch: refuses to be cancelled",
    "fan-out: bundled",
    "fan-out: asks again",
    "fan-out: later round",
    "growth: created",
    "growth: refused",
    "mended: by somebody else",
    "mended: in pieces",
    "mended: pieces joined",
    "mended: with more time",
    "mended: not before its service wants it",
    "mended: no further, a bound is met",
    "point: some must be there",
    "point: successes of earlier fan-outs",
    "service: asked again after its rest",
    "service: paced",
    "service: rests",
)
"""What must be seen again and again."""


def seen(played: Played) -> Counter[str]:
    """How often each thing occurred in a run."""
    counts: Counter[str] = Counter(runs=1, steps=played.steps)
    calls: set[tuple[int, str]] = set()
    asked: dict[str, str] = {}
    live: Counter[tuple[int, str]] = Counter()
    rests: dict[tuple[str, str], float] = {}
    for event in played.journal.events:
        counts.update(_simple(event))
        key = event.sitting, event.name
        if event.kind == "start":
            calls.add(key)
            counts["branch: hedged"] += live[key] > 0
            counts["branch: retried"] += event.data.attempt > 1
            live[key] += 1
            counts["mended: pieces joined"] += event.data.joins
            counts.update(_asked(played, event, rests))
        elif event.kind in {"answer", "end"}:
            live[key] -= 1
            if event.data.rests_until:
                counts["service: rests"] += 1
                rests[event.name, event.data.specialist] = event.data.rests_until
        elif event.kind == "node":
            counts.update(_passed(event))
        elif event.kind == "settle":
            counts.update(_ended(event.data, own=key in calls))
            counts["branch: by its fallback"] += event.data["specialist"] != asked.get(event.name)
        elif event.kind == "sitting":
            asked.update(
                (it["item"]["branch_id"], it["item"]["specialist"]) for b in event.data.bundles for it in b["calls"]
            )
            counts.update(_sent(event.data))
    return counts


def _simple(event: Event) -> Iterator[str]:
    match event.kind:
        case "release":
            yield f"released: {event.data}"
        case "over":
            yield f"sitting: {event.name}"
        case "crash" | "cancel" | "drain":
            yield f"blow: {event.kind}"
        case "refuse":
            yield "branch: refuses to be cancelled"
        case "late":
            for _ in event.data:
                yield "branch: late result taken in"


def _asked(played: Played, event: Event, rests: Mapping[tuple[str, str], float]) -> Iterator[str]:
    if event.data.specialist in played.scenario.rates:
        yield "service: paced"
    if rests.get((event.name, event.data.specialist), event.at) < event.at:
        yield "service: asked again after its rest"


def _passed(event: Event) -> Iterator[str]:
    before, after = event.data.before, event.data.after
    if event.name == "sync_point":
        for what in ("generations", "refused"):
            for name in after["growth"][what].keys() - before["growth"][what].keys():
                yield "growth: refused" if what == "refused" else "growth: created"
                if after["growth"]["generations"].get(name, 0) > 1:
                    yield "growth: of a later generation"
    elif event.name == "load_balancer" and not after["redo"]:
        if "used up" in after["load"]["why"] or "attempts that are left" in after["load"]["why"]:
            yield "mended: no further, a bound is met"
    elif event.name == "load_balancer":
        old = {item["branch_id"]: item for item in before["queue"]}
        for item in after["queue"]:
            yield from _changed(old.get(item["branch_id"], item), item)


def _changed(old: WorkItem, new: WorkItem) -> Iterator[str]:
    if new["specialist"] != old["specialist"]:
        yield "mended: by somebody else"
    if new.get("joins", False) != old.get("joins", False):
        yield "mended: in pieces"
    if new.get("timeout_s", 0.0) > old.get("timeout_s", 0.0):
        yield "mended: with more time"
    if new.get("not_before") != old.get("not_before"):
        yield "mended: not before its service wants it"


def _ended(record: BranchRecord, *, own: bool) -> Iterator[str]:
    yield f"ended: {record['status']}"
    if record["excused"]:
        yield "branch: excused"
    if record["missed"] and record["release"] is None:
        yield "branch: missed one of its points"
    if record["reason"] == "its score came too late":
        yield "branch: answered, not scored in time"
    if record["attempts"] and not own:
        yield "branch: taken over by a later fan-out"


def _sent(facts: SittingFacts) -> Iterator[str]:
    wave = facts.bundles[0]["wave"]
    for name, value in (
        ("after a crash: records kept", facts.kept),
        ("fan-out: bundled", wave["bundled"]),
        ("fan-out: asks again", wave["asking"]),
        ("fan-out: later round", facts.round),
    ):
        if value:
            yield name
    for share in wave["shares"]:
        if share["must"]:
            yield "point: some must be there"
        if share["earlier"]:
            yield "point: successes of earlier fan-outs"
    for bundle in facts.bundles:
        for call in bundle["calls"]:
            if "exclusive" in call["item"] or "resources" in call["item"]:
                yield "branch: resource held"
            if any(name.startswith(("p", "main")) for name in call.get("waits_for", ())):
                yield "branch: prerequisite is a point"


def blind_spots(counts: Mapping[str, int], least: int) -> list[str]:
    """What was seen less often than that."""
    return [f"{name}: {counts.get(name, 0)}" for name in ALWAYS if counts.get(name, 0) < least]
