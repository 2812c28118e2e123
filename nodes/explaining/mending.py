"""What was tried again, how, with which guidance, and whether it helped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langgraph_quorum.nodes.explaining.explanation import AgainTold
from langgraph_quorum.nodes.explaining.trail import Trail, cause
from langgraph_quorum.state.records import BranchRecord, WorkItem

_ROUNDS = ("redistributed", "gave_up", "continued", "asked", "revised", "revision_dropped", "retried")
_JUDGED = ("revised", "revision_dropped")


def rounds_told(trail: Trail) -> list[str]:
    """What was decided about doing work again, in order, and what each revision has come to."""
    return [f"round {trail.round_of(line)}: {_event(line)}{line['why']}" for line in _rounds(trail)]


def _event(line: Mapping[str, Any]) -> str:
    return "" if line["event"] == "revised" else f"{line['event'].replace('_', ' ')}: "


def _rounds(trail: Trail) -> list[Any]:
    return [line for line in trail.of(*_ROUNDS) if not (line["event"] == "asked" and line["node"] != "load_balancer")]


def again_told(state: Mapping[str, Any], trail: Trail) -> list[AgainTold]:
    """Branches that took more than one attempt, went to another specialist, or were sent out more than once."""
    branches, guidance = state.get("branches") or {}, state.get("guidance") or {}
    history: Mapping[str, list[float]] = (state.get("load") or {}).get("history", {})
    queue: Mapping[str, WorkItem] = {item["branch_id"]: item for item in state.get("queue") or []}
    moved, became = _moved(trail), _became(trail)
    told = []
    for branch_id in dict.fromkeys([*history, *branches]):
        record, scores = branches.get(branch_id), history.get(branch_id, [])
        ways = [*moved.get(branch_id, []), *_attempts(record, queue.get(branch_id))]
        if not scores and not ways:
            continue
        came_to = "" if not scores else _came_to(record, scores, became.get(branch_id, []))
        findings = guidance.get(branch_id, [])
        told.append(
            AgainTold(
                branch_id=branch_id,
                ways=ways,
                guidance=[f"{finding['check']}: {finding['message']}" for finding in findings],
                scores=[None if score < 0 else score for score in scores],
                came_to=came_to,
            )
        )
    return told


def _moved(trail: Trail) -> dict[str, list[str]]:
    """By branch, how the load balancer sent it out again."""
    ways: dict[str, list[str]] = {}
    for line in trail.of("redistributed", "retried"):
        data, number = line.get("data", {}), trail.round_of(line) + 1
        human = " as a human wanted" if line["event"] == "retried" else ""
        for name in data.get("branches", []):
            ways.setdefault(name, []).append(f"round {number}: {_how(name, data)}{human}")
    return ways


def _how(name: str, data: Mapping[str, Any]) -> str:
    if name in data.get("moved", {}):
        return f"sent to {data['moved'][name]}"
    if name in data.get("split", []):
        return "done in smaller pieces"
    until = data.get("later", {}).get(name, "")
    longer = f" with {data['longer'][name]:g} s for an attempt" if name in data.get("longer", {}) else ""
    later = f", not before {until[:19].replace('T', ' ')} UTC, as its service asked" if until else ""
    return f"sent out again{longer}{later}"


def _attempts(record: BranchRecord | None, item: WorkItem | None) -> list[str]:
    """What the last record tells: records do not keep apart retries and hedged calls."""
    if record is None:
        return []
    told = []
    if record["attempts"] > 1:
        hedged = "" if item is None or "hedge_s" not in item else f", hedged after {item['hedge_s']:g} s"
        told.append(f"{record['attempts']} attempts in round {record['round']} (retries and hedged calls{hedged})")
    meant = None if item is None else item.get("specialist")
    if meant is not None and meant != record["specialist"] and record["status"] == "succeeded":
        told.append(f"answered by {record['specialist']} in place of {meant}")
    return told


def _became(trail: Trail) -> dict[str, list[str]]:
    """By branch that had a result when it went out again, what became of each new one, as it was decided then."""
    told: dict[str, list[str]] = {}
    for line in trail.of("branch_kept", *_JUDGED):
        data = line.get("data", {})
        if line["event"] == "branch_kept":
            told.setdefault(data.get("branch_id", ""), []).append(f"it did not help: {line['why']}")
        else:
            for name, one in data.get("branches", {}).items():
                told.setdefault(name, []).append(_judged(one))
    return told


def _judged(one: Mapping[str, Any]) -> str:
    """What became of one new result."""
    if one["dropped"]:
        return f"it did not help, and its earlier result stands: {one['why']}"
    if one["came_to"] == "better":
        return f"it helped: {one['why']}"
    worse = " although it is worse" if one["came_to"] == "worse" else ", which is no better"
    return f"its new result was taken{worse}: {one['why']}"


def _came_to(record: BranchRecord | None, before: Sequence[float], became: Sequence[str]) -> str:
    """Whether sending it out again has helped: as it was judged, else by its score before each time and now."""
    if record is None:
        return "it has not ended yet"
    if record["status"] != "succeeded":
        why = cause(record["reason"], record["error"])
        return f"it did not help: {record['status']}{': ' * bool(why)}{why}"
    if became:
        return "; then ".join(became)
    score = None if record["quality"] is None else record["quality"]["score"]
    scores = ", then ".join(_score(one) for one in [*before, -1.0 if score is None else score])
    helped = "it helped" if before[0] < 0 else "its new result stands"
    return f"{helped}: score {scores}"


def _score(score: float) -> str:
    return "none" if score < 0 else f"{score:.2f}"
