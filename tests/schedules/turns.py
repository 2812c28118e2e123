"""Who may run now: prerequisites, earliest starts, limits, and that nobody who could run is forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.schedules.journal import Call
from tests.schedules.ledger import Place, SittingBook
from tests.schedules.releases import NEAR
from tests.schedules.scenario import CONDITIONS

CANCEL_WAIT_S = 0.1
DRAIN_LOOK_S = 0.1


def started(book: SittingBook, branch_id: str, call: Call, at: float) -> Iterator[str]:
    """What is wrong with the first call of a branch in a sitting."""
    place = book.places[branch_id]
    if branch_id in book.facts.kept:
        yield f"{branch_id} runs again, its record had been kept"
    if place.settled is not None:
        yield f"{branch_id} starts after it has ended as {place.settled['status']}"
    released_at = book.released_at(place)
    if (
        released_at is not None and at > released_at + book.slack_s
    ):  # it may have had its turn at the very moment of the release
        yield f"{branch_id} starts after all its points have released"
    state = book.prerequisites(place)
    if state != "met":
        yield f"{branch_id} starts while its prerequisites are {state}: {place.call['waits_for']} of {book.ended}"
    if at < place.not_before - NEAR:
        yield f"{branch_id} starts at {at:g}, its earliest start is {place.not_before:g}"
    when = place.call["item"].get("when")
    if when is not None and not CONDITIONS[when](call.inputs):
        yield f"{branch_id} starts although its condition says no"
    yield from _fed(book, branch_id, place, call)
    overtaken = [
        one
        for one in book.overdue - book.works.keys()
        if book.places[one].settled is None and book.places[one].call["order"] < place.call["order"]
    ]
    book.overtaken.update(dict.fromkeys(overtaken, branch_id))


def called_again(book: SittingBook, branch_id: str, at: float) -> Iterator[str]:
    """What is wrong with a further call of a branch in a sitting."""
    place = book.places[branch_id]
    released_at = book.released_at(place)
    if released_at is None or at <= released_at + book.slack_s:
        return
    if all(point.policy.on_straggler == "cancel" or point.reason == "drained" for point in book.last_points(place)):
        yield f"{branch_id} is called again after it was cut"


def _fed(book: SittingBook, branch_id: str, place: Place, call: Call) -> Iterator[str]:
    """Its inputs are the results of its prerequisites, all of them. What joins is handed its pieces only."""
    if "joins" in place.call["item"]:
        return
    for name in place.call["item"].get("depends_on", []):
        expected: Any
        had = place.call.get("inputs", {}).get(name)
        if name in book.points:
            now = book.points[name].succeeded if book.ended.get(name) != "excused" else {}
            expected = {**(had or {}), **now}
        elif book.ended.get(name) == "succeeded":
            record = book.places[name].settled
            expected = record["result"] if record is not None else None
        else:
            expected = had
        if call.inputs.get(name) != expected and (expected or call.inputs.get(name)):
            yield f"{branch_id} is fed {call.inputs.get(name)} from {name}, whose results are {expected}"


Held = Mapping[str, Mapping[str, float]]
"""By branch, how much it holds of which resource."""


def crowded(book: SittingBook, branch_id: str, before: Held) -> Iterator[str]:
    """Which limits are exceeded now that a branch has begun.

    Args:
        book: The sitting.
        branch_id: Who has begun.
        before: What stragglers of earlier fan-outs hold: resources are of the run, all else of the fan-out.
    """
    running = [name for name in book.places if book.holds_turn(name)]
    if len(running) > book.peak:  # a limit that adapts may sink between a turn that is given and the start
        yield f"{len(running)} run at once, {book.peak} may: {running}"
    held: dict[str, dict[str, float]] = {}
    holders = [
        *((name, book.places[name].claims) for name in running),
        *((f"{name}'", it) for name, it in before.items()),
    ]
    for name, claims in holders:
        for resource, amount in claims.items():
            held.setdefault(resource, {})[name] = amount
    for resource, amounts in held.items():
        if branch_id in amounts and sum(amounts.values()) > book.scenario.resources.get(resource, 1.0) + NEAR:
            yield f"resource {resource} is held by {amounts} at once"


def overloaded(book: SittingBook, branch_id: str, number: int) -> Iterator[str]:
    """Whether the cores are exceeded now that a call of a branch has begun, its first, a later one or a second."""
    calls = {
        (name, call.number): cores
        for name, work in book.works.items()
        for call in work.starts
        if call.number in work.live and (cores := book.cores_of(call))
    }
    if len(calls) > 1 and (branch_id, number) in calls and sum(calls.values()) > book.wave["cpu_at_once"] + NEAR:
        yield f"calls that take cores {calls} exceed {book.wave['cpu_at_once']}"


def idle(book: SittingBook, at: float, slack_s: float) -> Iterator[str]:
    """What should have happened by now, since nothing can run before time goes on."""
    for point in book.points.values():
        due = point.due(at - slack_s - 2 * NEAR) if point.reason is None else None
        if due is not None:
            yield f"point {point.name} is open at {at:.6g}, though {due}: {point}"
        if (
            point.reason is None
            and book.drain_at is not None
            and book.cancel_at is None
            and at > book.drain_at + DRAIN_LOOK_S + slack_s + NEAR
        ):
            yield f"point {point.name} is open at {at:.6g}, a drain was asked for at {book.drain_at:.6g}"
    overtaken = dict(book.overtaken)
    book.overdue.clear()
    book.overtaken.clear()
    running = [name for name in book.places if book.holds_turn(name)]
    unheard = book.follows or any(
        place.settled is not None
        and (place.settled["missed"] or place.settled["release"] or (name in book.works and book.works[name].live))
        for name, place in book.places.items()
    )
    for branch_id, place in book.places.items():
        if place.settled is None and book.cancel_at is None and branch_id in book.come:
            yield from _forgotten(book, branch_id, place, at - slack_s)
            if _could_start(book, branch_id, place, at - slack_s):
                free = place.awaits and len(running) < book.limit and _fits(book, place, running)
                if not unheard and (not running or free):
                    yield f"{branch_id} could start and does not at {at:.6g}: {running} run, {book.limit} may"
                elif branch_id in overtaken:
                    yield f"{branch_id} still waits at {at:.6g}, {overtaken[branch_id]} behind it has begun"
                elif place.plain and "when" not in place.call["item"]:
                    book.overdue.add(branch_id)


def _fits(book: SittingBook, place: Place, running: list[str]) -> bool:
    """Whether what a branch claims is free beside what those that run hold."""
    for resource, amount in place.claims.items():
        held = sum(book.places[name].claims.get(resource, 0.0) for name in running)
        if held + amount > book.scenario.resources.get(resource, 1.0) + NEAR:
            return False
    return True


def _could_start(book: SittingBook, branch_id: str, place: Place, at: float) -> bool:
    return (
        branch_id not in book.works
        and branch_id not in book.under_way
        and book.released_at(place) is None
        and at >= place.not_before + NEAR
        and book.prerequisites(place) == "met"
    )


def _forgotten(book: SittingBook, branch_id: str, place: Place, at: float) -> Iterator[str]:
    released_at = book.released_at(place)
    if released_at is not None:
        if at > released_at + CANCEL_WAIT_S + NEAR + book.scoring_s([branch_id]):
            yield f"{branch_id} has not ended at {at:.6g}, its points released at {released_at:.6g}"
    elif not {branch_id} & (book.works.keys() | book.under_way) and book.prerequisites(place) in {"missing", "excused"}:
        yield f"{branch_id} is not told that its prerequisites are {book.prerequisites(place)}"
