"""How parallel updates join. Each reducer is idempotent, so a replayed write changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from langgraph_quorum.state.editing import MARK, edited_record, is_whole
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.records import BranchRecord, SyncDecision, TimelineEvent


def standing_record(old: BranchRecord, new: BranchRecord) -> BranchRecord:
    """The record to keep of two attempts at one branch: a success beats none, then the later round.

    Which of two successes is better cannot be told from them alone: the validator has what was found in each.
    """
    later = (new["status"] == "succeeded", new["round"]) >= (old["status"] == "succeeded", old["round"])
    return new if later else old


def merge_branches(
    old: Mapping[str, BranchRecord] | None, new: Mapping[str, BranchRecord] | None
) -> dict[str, BranchRecord]:
    """Join records by branch id, keeping the one that stands where both have one.

    A branch writes one record a round, whole. So anything less, and another record of the same attempt, is an edit by a
    person: it is filled in from the record that is there, takes its place whatever it says, and is marked `edited`.
    Then only a later round takes the place of that, and no late result.

    Raises:
        ConfigurationError: an edit does not fit, or is of a branch without a record; it names the field and the mend.
    """
    if new is not None and not isinstance(new, Mapping):
        raise ConfigurationError("branches", new, "give fields of records by branch id")
    merged = dict(old or {})
    for branch_id, record in (new or {}).items():
        there = merged.get(branch_id)
        whole = is_whole(record, branch_id)
        if whole and (there is None or record == there):
            merged[branch_id] = record
        elif there is None or not whole or _is_edit(there, record):
            merged[branch_id] = edited_record(branch_id, record, there, merged.keys())
        elif not there.get(MARK) or (record["round"] > there["round"] and not record["late"]):
            merged[branch_id] = _of_rounds(there, record)
    return merged


def _is_edit(there: BranchRecord, record: BranchRecord) -> bool:
    """Whether it is the record that is there, changed by hand: of one attempt there is but one other, its late end."""
    if record.get(MARK):
        return True
    is_same = (record["round"], record["started_at"]) == (there["round"], there["started_at"])
    return is_same and record["late"] == there["late"]


def _of_rounds(there: BranchRecord, record: BranchRecord) -> BranchRecord:
    """Of two attempts in different rounds the one that stands; of one round what was written last."""
    if record["round"] == there["round"] and record["late"] == there["late"]:
        return record
    return standing_record(there, record)


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
