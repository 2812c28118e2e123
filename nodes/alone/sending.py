"""`fan_out`: what a conditional edge returns in place of a list of `Send`s."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from langgraph.config import get_config
from langgraph.types import Send

from langgraph_quorum.nodes.alone.branch import QuorumBranch
from langgraph_quorum.nodes.alone.channels import TO_NODE, running_channels
from langgraph_quorum.nodes.alone.worker import parcel
from langgraph_quorum.nodes.branching.cores import usable_cores
from langgraph_quorum.nodes.planning.bundling import BundleSize, bundled, check_bundle
from langgraph_quorum.nodes.planning.checks import check_plan
from langgraph_quorum.nodes.planning.order import membership, ordered
from langgraph_quorum.state.bounds import is_number, is_whole
from langgraph_quorum.state.branch import BranchCall, Share, Wave
from langgraph_quorum.state.errors import ConfigurationError, PlanError
from langgraph_quorum.state.keywords import suggesting
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.sync_policy import SyncPolicy
from langgraph_quorum.state.words import kind_of, suggestion

_KEYS = frozenset(WorkItem.__annotations__) - {
    *("specialist", "type", "source_type", "fallback", "measures"),
    *("tried", "part_of", "joins"),
}


@suggesting
def fan_out(
    branch: QuorumBranch,
    payloads: Mapping[str, Any] | Sequence[Any] | None = None,
    *,
    work: Sequence[WorkItem] | None = None,
    at_once: int | None = None,
    bundle: BundleSize = None,
) -> list[Send]:
    """The `Send`s to a quorum branch, for a conditional edge or a `Command(goto=...)`.

    Args:
        branch: What `quorum_branch` returned.
        payloads: What each worker is called with, as in `Send`: by branch id, or a list that is numbered from `"0"`.
        work: The same with more to say of each: `branch_id`, `payload`, `depends_on`, `priority`, `when`, `not_before`,
            `exclusive`, `resources`, `timeout_s`, `attempts`, `hedge_s`, `group`. Those that depend on others have a
            dict as payload; its key `inputs` then holds the updates of these, in JSON, by branch id.
        at_once: Most workers running at the same time; None for all.
        bundle: How many may travel in one `Send`: a number, or `auto` to go by what calls are measured to take. None
            sends each alone. A crash loses what a bundle has not returned; a worker that asks a human travels alone.

    Raises:
        ConfigurationError: an argument is wrong.
        PlanError: there are no payloads; an id is used twice; a policy or a work item names a branch that is not sent
            out; the graph has no such node.
    """
    if not isinstance(branch, QuorumBranch):
        raise ConfigurationError("branch", branch, "give what quorum_branch(worker) returned, not the node's name")
    if at_once is not None and not (is_number(at_once) and is_whole(at_once) and at_once >= 1):
        raise ConfigurationError("at_once", at_once, "give a whole number from 1, or None for all")
    size = check_bundle(bundle)
    items = _items(branch, payloads, work)
    check_plan(items, branch.terms)
    _check_node(branch.__name__)
    points_of = membership(items, branch.terms.specialists, branch.terms.points)
    wave = _wave(branch, points_of, int(at_once or len(items)))
    return _sends(branch, ordered(items, points_of), points_of, wave, size)


def _items(branch: QuorumBranch, payloads: Any, work: Any) -> list[WorkItem]:
    if (payloads is None) == (work is None):
        raise PlanError("give fan_out either payloads or 'work'")
    given = payloads if work is None else work
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence if payloads is None else (Sequence, Mapping)):
        raise PlanError(f"fan_out was given {kind_of(given)}: give a list, or payloads as a dict by branch id")
    if not given:
        raise PlanError(
            f"fan_out to {branch.__name__!r} has nothing to send, so the node behind it would never run: where that can"
            " be, let the conditional edge return that node's name instead"
        )
    name = branch.specialist.name
    if work is None:
        named = given.items() if isinstance(given, Mapping) else zip(map(str, range(len(given))), given, strict=True)
        return [
            {"branch_id": branch_id, "specialist": name, "payload": parcel(payload)} for branch_id, payload in named
        ]
    return [_item(index, item, name) for index, item in enumerate(work)]


def _item(index: int, item: Any, name: str) -> WorkItem:
    if not isinstance(item, Mapping):
        raise PlanError(f"work[{index}] is {kind_of(item)}: give a dict with 'payload', or payloads alone")
    for unknown in sorted(item.keys() - _KEYS, key=str):
        raise PlanError(f"work[{index}] has the unknown key {unknown!r}: {suggestion(str(unknown), _KEYS)}")
    payload, branch_id = item.get("payload", {}), item.get("branch_id", str(index))
    if item.get("depends_on") and (not isinstance(payload, dict) or "inputs" in payload):
        mend = "give a dict without the key 'inputs', which is for what the branch depends on"
        raise PlanError(f"branch {branch_id!r}: payload={payload!r}: {mend}")
    return {**item, "branch_id": branch_id, "specialist": name, "payload": parcel(payload)}  # type: ignore[typeddict-item]


def _wave(branch: QuorumBranch, points_of: Mapping[str, Sequence[str]], at_once: int) -> Wave:
    totals: dict[str, int] = {}
    for points in points_of.values():
        for point in points:
            totals[point] = totals.get(point, 0) + 1
    policies = branch.crew.points.policies
    for point, total in totals.items():
        _check_counts(policies[point], total)
    return Wave(
        run=f"{branch.__name__}/{uuid.uuid4().hex}",
        round=_step(),
        total=len(points_of),
        shares=[
            Share(point=point, total=total, earlier=0, must=list(policies[point].must))
            for point, total in totals.items()
        ],
        asking=False,
        bundled=False,  # a question in a bundle is refused, all others are asked at once
        mode="parallel",
        at_once=at_once,
        ceiling=at_once,
        cpu_at_once=float(usable_cores()),
    )


def _check_counts(policy: SyncPolicy, total: int) -> None:
    for field, asked in (("minimum", policy.minimum), ("successes", policy.successes or 0)):
        if asked > total:
            raise PlanError(
                f"{field}={asked} of sync point {policy.name!r}, but fan_out has only {total} branches for it: lower"
                " it or send more"
            )


def _sends(
    branch: QuorumBranch,
    items: Sequence[WorkItem],
    points_of: Mapping[str, list[str]],
    wave: Wave,
    size: BundleSize,
) -> list[Send]:
    name, seat = branch.specialist.name, branch.crew.seats[branch.specialist.name]
    needed = _needed(branch, items, points_of)
    only = list(branch.crew.points.policies) if len(branch.crew.points.policies) == 1 else None
    calls: list[BranchCall] = []
    for order, item in enumerate(items):
        branch_id = item["branch_id"]
        if branch_id in needed:
            item["payload"]["kept"] = True
        call: BranchCall = {"item": item, "order": order, "points": only or points_of[branch_id]}
        if waits_for := item.get("depends_on"):
            call["waits_for"] = waits_for
        calls.append(call)
    alone = {name} if branch.specialist.travels_alone else ()
    sends = []
    for _, together in bundled(calls, size, lambda _: seat.seconds, alone):
        for call in together if len(together) > 1 else ():
            call["item"]["payload"]["shares"] = True
        sent = _Sent(node=branch.__name__, calls=together, task="", wave=wave)
        sends.append(Send(branch.__name__, sent))
    return sends


def _needed(branch: QuorumBranch, items: Sequence[WorkItem], points_of: Mapping[str, list[str]]) -> set[str]:
    """Branches whose updates others ask for: branches that depend on them, or the `until` of a sync point."""
    asked = {name for item in items for name in item.get("depends_on", ())}
    asked |= {name for name, policy in branch.crew.points.policies.items() if policy.until is not None}
    if not asked:
        return set()
    return {branch_id for branch_id, points in points_of.items() if branch_id in asked or not asked.isdisjoint(points)}


class _Sent(dict[str, Any]):
    """A `Sent` that says what is wrong to a node that did not expect it."""

    def __missing__(self, key: object) -> Any:
        raise PlanError(
            f"node {self['node']!r} was sent to with fan_out, and asks for {key!r}: it is no quorum branch: give"
            " add_node what quorum_branch returned"
        )


# -- the graph that is running ----------------------------------------------------------------------------------------


def _check_node(name: str) -> None:
    """Refuse to send to what is not there: LangGraph would only log it, and drop a record that has no channel."""
    channels = running_channels()
    if not channels:
        return
    nodes = [one.removeprefix(TO_NODE) for one in map(str, channels) if one.startswith(TO_NODE)]
    if name not in nodes:
        mend = "give quorum_branch the name that its node has in add_node"
        raise PlanError(f"the graph has no node {name!r} to fan out to ({suggestion(name, nodes)}): {mend}")
    if "branches" not in channels:
        raise PlanError(
            f"the graph has no 'branches' for the records of {name!r}: give add_node what quorum_branch returned,"
            " and let the state inherit QuorumBranches where add_node has an 'input_schema'"
        )


def _step() -> int:
    """The superstep that sends out; 0 outside of a run."""
    try:
        return int(get_config().get("metadata", {}).get("langgraph_step", 0))
    except RuntimeError:
        return 0
