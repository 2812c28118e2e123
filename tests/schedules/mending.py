"""What is sent out again: within bounds, in ways that fit, and never what has succeeded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from langgraph_quorum.state.records import BranchRecord, WorkItem
from langgraph_quorum.state.workflow import QuorumState
from tests.schedules.driver import Played
from tests.schedules.journal import Passed
from tests.schedules.scenario import Scenario
from tests.schedules.wall import seconds_of

Items = dict[str, WorkItem]


def findings(played: Played) -> list[str]:
    """What is wrong with how the run was mended."""
    found: list[str] = []
    starts, spent = 0, 0.0
    for event in played.journal.events:
        if event.kind == "start":
            starts += 1
        elif event.kind == "answer":
            spent += event.data.cost or 0.0
        elif event.kind == "node":
            said = [*_kept(event.data)]
            if event.name == "sync_point":
                starts += _tried_again(event.data)
            load = event.data.after["load"]
            if load["attempts"] > starts or load["cost"] > spent + 1e-9:
                said.append(f"{load['attempts']} attempts count and cost {load['cost']}, were {starts} and {spent}")
            if event.data.after["redo"] and event.name != "coordinator":
                said += _sent(played.scenario, event.name, event.data, event.at)
            found += [f"at {event.at:.6g}: {event.name}: {one}" for one in said]
    return found


def _tried_again(passed: Passed) -> int:
    """Branches that were sent out again and keep an earlier result: each counts as tried once, whether it began."""
    before, after = passed.before, passed.after
    return sum(after["branches"][name]["round"] != before["round"] for name in before["active"])


def _kept(passed: Passed) -> Iterator[str]:
    """No branch is lost from the queue or comes in twice, and no success is lost."""
    before, after = [[item["branch_id"] for item in state["queue"]] for state in (passed.before, passed.after)]
    if not set(after) >= set(before) or len(set(after)) < len(after):
        yield f"the queue was {before} and is {after}"
    for name, record in passed.before["branches"].items():
        if record["status"] == "succeeded" and passed.after["branches"][name]["status"] != "succeeded":
            yield f"the success of {name} was lost"


def _sent(scenario: Scenario, node: str, passed: Passed, at: float) -> Iterator[str]:
    """What is wrong with what a node sends out."""
    before, after = passed.before, passed.after
    weak = {name for one in before["findings"] if one["check"] == "quality" for name in one["branches"]}
    owners = {item["part_of"] for item in before["queue"] if "part_of" in item and item["branch_id"] in after["redo"]}
    deterministic = {one["name"] for one in scenario.specialists if one.get("deterministic")}
    for name in after["redo"]:
        record = before["branches"].get(name)
        if record is None or record["status"] != "succeeded" or name in owners:  # it joins its pieces anew
            continue
        if node != "load_balancer" or name not in weak or record["specialist"] in deterministic:
            yield f"{name} had succeeded, and goes out again"
    if node == "load_balancer" and after["load"]["rounds"] > before["load"]["rounds"]:
        yield from _bounded(scenario, before, after)
        old, new = ({item["branch_id"]: item for item in state["queue"]} for state in (before, after))
        for name in after["redo"]:
            if new[name].get("part_of", name) not in after["redo"]:
                yield f"{name} goes out without {new[name]['part_of']}, which joins it"
            if name in old and name not in passed.given_up | _under_way(before, new, old, name):
                yield from _waits(scenario, new[name], before["branches"].get(name), at)
            if name in old:
                yield from _fits(scenario, old[name], new[name], before["branches"].get(name))
            elif "part_of" not in new[name] or "part_of" in new[new[name]["part_of"]]:
                yield f"{name} is new, and no piece of a whole"


def _under_way(before: QuorumState, new: Items, old: Items, name: str) -> set[str]:
    """A branch that nothing was changed of may go on with its work."""
    record = before["branches"].get(name)
    return {name} if new[name] == old[name] and record is not None and record["missed"] else set()


def _bounded(scenario: Scenario, before: QuorumState, after: QuorumState) -> Iterator[str]:
    policy, load, sent = scenario.recovery, before["load"], after["redo"]
    if after["load"]["rounds"] > policy.rounds:
        yield f"round {after['load']['rounds']} of {policy.rounds}"
    if load["seconds"] >= policy.seconds or load["cost"] >= policy.cost:
        yield f"{load['seconds']:g} s and a cost of {load['cost']:g} are spent, of {policy}"
    if policy.attempts is None:
        return
    room, items = policy.attempts - load["attempts"], {item["branch_id"]: item for item in after["queue"]}
    asked = sum(_attempts(scenario, items[name]) for name in sent)
    if asked > room:
        yield f"{asked} attempts go out with {sorted(sent)}, {room} are left"


def _attempts(scenario: Scenario, item: WorkItem) -> int:
    if item.get("joins"):
        return 1
    own: int = next(one["attempts"] for one in scenario.specialists if one["name"] == item["specialist"])
    return item.get("attempts", own)


def _fits(scenario: Scenario, old: WorkItem, new: WorkItem, record: BranchRecord | None) -> Iterator[str]:
    """What is wrong with the way in which a branch goes out again."""
    name, status = old["branch_id"], record["status"] if record is not None else None
    settings: Any = next(one for one in scenario.specialists if one["name"] == old["specialist"])
    if new["specialist"] in new.get("tried", ()) or len(set(new.get("tried", ()))) < len(new.get("tried", ())):
        yield f"{name} goes to {new['specialist']} again, tried were {new['tried']}"
    if new["specialist"] != old["specialist"] and old["specialist"] not in new.get("tried", ()):
        yield f"{name} goes to {new['specialist']}, and nobody notes that {old['specialist']} had it"
    if new.get("joins") and not old.get("joins"):
        pieces = len(new["depends_on"]) - len(old.get("depends_on", ()))
        if status != "timed_out" or "part_of" in old or pieces != settings["pieces"]:
            yield f"{name} is {status} and split into {pieces}, of {settings['pieces']}"
    before, now = old.get("timeout_s", settings["timeout_s"]), new.get("timeout_s", settings["timeout_s"])
    is_longer = old["specialist"] == new["specialist"] and now != before
    if is_longer and (status != "timed_out" or abs(now - before * scenario.recovery.longer) > 1e-9):
        yield f"{name} is {status} and gets {now:g} s, after {before:g}"


def _waits(scenario: Scenario, item: WorkItem, record: BranchRecord | None, at: float) -> Iterator[str]:
    """A branch is not sent out to wait for a service beyond its deadline, unless its work may still be under way."""
    until, named = item.get("not_before"), record.get("not_before") if record is not None else None
    if record is None or named is None or until != named:
        return
    policies = [scenario.points.policies[name] for name in record["points"]]
    if record["missed"] and any(policy.on_straggler == "harvest" for policy in policies):
        return
    claims = [policy.deadline_s for policy in policies]
    if claims and seconds_of(named) - at > max(claims) + 1e-3:
        yield f"{item['branch_id']} waits for {seconds_of(named) - at:g} s, its deadline comes after {max(claims):g}"
