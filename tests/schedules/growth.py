"""What results ask for: each branch comes into the queue once or is refused with a reason, within bounds."""

from __future__ import annotations

from collections.abc import Iterator

from langgraph_quorum.state.workflow import QuorumState
from tests.schedules.driver import Played
from tests.schedules.journal import Passed


def findings(played: Played) -> list[str]:
    """What is wrong with how the run has grown."""
    found: list[str] = []
    for event in played.journal.events:
        if event.kind == "node" and event.name == "sync_point":
            found += [f"at {event.at:.6g}: {said}" for said in _taken_in(event.data)]
    return [*found, *_bounded(played), *_done(played.state)]


def _taken_in(passed: Passed) -> Iterator[str]:
    """Whatever a success asks for."""
    queued = {item["branch_id"] for item in passed.after["queue"]}
    growth = passed.after["growth"]
    for name, record in passed.after["branches"].items():
        for item in record["work"] if record["status"] == "succeeded" else ():
            child = item["branch_id"]
            if (child in queued) == bool(growth["refused"].get(child)):
                yield f"{name} asks for {child}, which is {'' if child in queued else 'not '}there: {growth}"
            generation = growth["generations"].get(name, 0) + 1
            if child in queued and growth["generations"].get(child) != generation:
                yield f"{child} is of generation {generation}, noted is {growth['generations'].get(child)}"
    for name in queued - {item["branch_id"] for item in passed.before["queue"]}:
        if name not in passed.after["redo"]:
            yield f"{name} is new and does not go out"


def _bounded(played: Played) -> Iterator[str]:
    policy, generations = played.scenario.growth, played.state["growth"]["generations"]
    if len(generations) > policy.branches or max(generations.values(), default=0) > policy.generations:
        yield f"it has grown by {generations}, {policy} may be"


def _done(state: QuorumState) -> Iterator[str]:
    """Each branch of the queue has ended, and no other."""
    queued = {item["branch_id"] for item in state["queue"]}
    if queued != state["branches"].keys():
        yield f"records of {sorted(state['branches'])}, the queue is {sorted(queued)}"
    if lost := state["growth"]["generations"].keys() - queued:
        yield f"{sorted(lost)} were created and are not in the queue"
