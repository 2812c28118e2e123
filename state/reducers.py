"""How parallel updates join. Each reducer is idempotent, so a replayed write changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from langgraph_quorum.state.records import BranchRecord, SyncDecision, TimelineEvent

_UNSCORED = 0.5
"""What a success counts that nothing scored, when it is held against another."""


def _standing(record: BranchRecord) -> tuple[bool, float, int]:
    quality = record["quality"]
    score = quality["score"] if quality is not None and quality["score"] is not None else _UNSCORED
    succeeded = record["status"] == "succeeded"
    return succeeded, score if succeeded else 0.0, record["round"]


def better_record(old: BranchRecord, new: BranchRecord) -> BranchRecord:
    """The record to keep of two for one branch: a success beats none, then the higher score, then the later round.

    A success that nothing scored counts 0.5.
    """
    return new if _standing(new) >= _standing(old) else old


def merge_branches(
    old: Mapping[str, BranchRecord] | None, new: Mapping[str, BranchRecord] | None
) -> dict[str, BranchRecord]:
    """Join records by branch id, keeping the better where both have one."""
    merged = dict(old or {})
    for branch_id, record in (new or {}).items():
        merged[branch_id] = better_record(merged[branch_id], record) if branch_id in merged else record
    return merged


def append_timeline(old: Sequence[TimelineEvent] | None, new: Sequence[TimelineEvent] | None) -> list[TimelineEvent]:
    """Append events whose key is not there yet, in the order given."""
    kept = list(old or [])
    seen = {event["key"] for event in kept}
    for event in new or []:
        if event["key"] not in seen:
            seen.add(event["key"])
            kept.append(event)
    return kept


def append_decisions(old: Sequence[SyncDecision] | None, new: Sequence[SyncDecision] | None) -> list[SyncDecision]:
    """Append decisions; one for the same point and round replaces the earlier."""
    by_key = {(decision["point"], decision["round"]): decision for decision in [*(old or []), *(new or [])]}
    return list(by_key.values())
