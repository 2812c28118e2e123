"""What quorum branches keep in a graph of the user's own: a record of each, by which a run goes on after a crash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, NotRequired

from typing_extensions import TypedDict

from langgraph_quorum.state.branch import Wave
from langgraph_quorum.state.records import BranchRecord


class SentRecord(BranchRecord):
    """The record of one branch. Its `round` is the superstep that sent it out.

    `result` holds the worker's update, in JSON, only where other branches or the policy's `until` need it; else None:
    the update itself is in the state.
    """

    node: str
    """Name of the quorum branch's node."""
    fan_out: str
    """Which fan-out it belongs to."""


Records = Mapping[str, SentRecord]


def latest_branches(old: Records | None, new: Records | None) -> dict[str, SentRecord]:
    """The reducer: the records of each node's latest fan-out. A superstep's fan-outs are equally late."""
    kept = dict(old or {})
    # As a bundle brings them: there is nothing to compare.
    if not kept and new and len({(record["node"], record["round"]) for record in new.values()}) == 1:
        return dict(new)
    for key, record in (new or {}).items():
        # Outdated ones go when the first of a later fan-out comes, so whoever came last tells whether they are gone.
        last = kept[next(reversed(kept))] if kept else record
        if (last["node"], last["round"]) != (record["node"], record["round"]):
            kept = {name: one for name, one in kept.items() if not _outdates(record, one)}
        kept[key] = record
    return kept


def _outdates(new: SentRecord, old: SentRecord) -> bool:
    return new["node"] == old["node"] and new["round"] > old["round"]


class QuorumBranches(TypedDict):
    """Let a state inherit this, so that nodes and the output have the records of its quorum branches."""

    branches: NotRequired[Annotated[dict[str, SentRecord], latest_branches]]
    """By the node's name and the branch id: `"fetch/0"`."""


def key_of(node: str, branch_id: str) -> str:
    """Under which key a branch's record is kept."""
    return f"{node}/{branch_id}"


def sent_before(writes: Iterable[tuple[str, Any]], wave: Wave) -> dict[str, BranchRecord]:
    """The records of one fan-out, by branch id, among what its superstep's tasks have written, by channel."""
    return {
        record["branch_id"]: record
        for channel, value in writes
        if channel == "branches"
        for record in value.values()
        if record["fan_out"] == wave["run"]
    }
