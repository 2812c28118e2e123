"""How branches ended: in one status, which what was seen of them bears out; and no success is lost."""

from __future__ import annotations

from collections.abc import Iterator

from langgraph_quorum.state.records import BranchRecord
from tests.schedules.journal import Call
from tests.schedules.ledger import Place, SittingBook, Work
from tests.schedules.releases import NEAR
from tests.schedules.scenario import CONDITIONS, Scenario

STATUSES = frozenset({"succeeded", "failed", "timed_out", "cut", "skipped", "awaiting_human"})


def missed(book: SittingBook, record: BranchRecord) -> set[str]:
    """The points that had released before a branch ended, also those that do not count it because it is a piece.

    Points that release because the run is to stop decide when it goes on: only what then runs again has missed them.
    """
    over = {None} if record["release"] == "drained" else {None, "drained"}
    return {name for name in book.places[record["branch_id"]].call["points"] if book.points[name].reason not in over}


def settled(book: SittingBook, record: BranchRecord, work: Work | None, at: float) -> Iterator[str]:
    """What is wrong with a record.

    Args:
        book: The sitting, before it has taken the record in.
        record: As the branch settles.
        work: What was seen of its calls, of this sitting or of an earlier one whose work goes on.
        at: When.
    """
    branch_id, status = record["branch_id"], record["status"]
    place = book.places[branch_id]
    starts = [] if work is None else work.starts
    if place.settled is not None:
        yield f"{branch_id} ends twice: {place.settled['status']}, then {status}"
    if status not in STATUSES:
        yield f"{branch_id} ends as {status}"
    if record["attempts"] != len(starts):
        yield f"{branch_id} was called {len(starts)} times, its record says {record['attempts']}"
    answers = {} if work is None else work.answers
    cost = [call.cost for call in answers.values() if call.cost is not None]
    if (record["cost"] or 0.0) != sum(cost):
        yield f"{branch_id} cost {sum(cost)}, its record says {record['cost']}"
    if status != "succeeded" and work is not None and _has_answered(book, work, at):
        yield f"{branch_id} had answered ({answers}) and ends as {status}: {record['reason']}"
    yield from _borne_out(book, record, place, work)
    yield from _missed(book, record, place)
    if work is None or work.sitting == book.number:  # else it began under what its item said before
        yield from _attempts(book, branch_id, place, starts)


def _missed(book: SittingBook, record: BranchRecord, place: Place) -> Iterator[str]:
    branch_id = record["branch_id"]
    late_for = set() if "part_of" in place.call["item"] else missed(book, record)
    if late_for != record["missed"].keys():
        yield f"{branch_id} came too late for {sorted(late_for)}, its record says {sorted(record['missed'])}"
    for name, one in record["missed"].items():
        point, opened_at = book.points[name], book.opened_at or 0.0
        if point.released_at is None or one["reason"] != point.reason:
            yield f"{branch_id} says that {name} released as {one['reason']}, it was {point.reason}"
        elif abs(opened_at + one["at_s"] - point.released_at) > 2 * NEAR:
            yield f"{branch_id} says that {name} released after {one['at_s']} s"


def _has_answered(book: SittingBook, work: Work, at: float) -> bool:
    """Whether there is an answer that must not be lost. A hedged one takes a moment to be heard of."""
    hedging = {one["name"] for one in book.scenario.specialists if one["hedge_s"] is not None}
    answers = [call for call in work.answers.values() if not (call.stopped and call.specialist in hedging)]
    hedged = any(call.specialist in hedging for call in answers)
    return bool(answers) and not work.asked and (not hedged or work.answered_at < at - NEAR)


def _borne_out(book: SittingBook, record: BranchRecord, place: Place, work: Work | None) -> Iterator[str]:
    branch_id, status = record["branch_id"], record["status"]
    began = work is not None and bool(work.starts)
    if record["excused"] and status != "skipped":
        yield f"{branch_id} is excused and {status}"
    if status in {"cut", "timed_out"} and record["release"] is not None:
        yield from _late(book, record, place)
        return
    match status:
        case "succeeded":
            yield from _given(record, work)
        case "cut":
            yield f"{branch_id} was cut by nothing"
        case "timed_out" if not began:
            yield f"{branch_id} ran out of its own time before it began"
        case "skipped":
            yield from _skipped(book, record, place, began=began)
        case "failed" if record["error"] is None or not (began or place.call["item"].get("when") == "broken"):
            yield f"{branch_id} failed without an error or a call"
        case "awaiting_human" if not (work is not None and work.asked) and book.prerequisites(place) != "missing":
            yield f"{branch_id} waits for a human whom nobody has asked"


def _given(record: BranchRecord, work: Work | None) -> Iterator[str]:
    numbers = {call.number for call in work.starts} if work is not None else set()
    result = record["result"]
    if not isinstance(result, dict) or result.get("by") != record["branch_id"] or result.get("call") not in numbers:
        yield f"{record['branch_id']} succeeded with {result}, which no call of its gave"


def _skipped(book: SittingBook, record: BranchRecord, place: Place, *, began: bool) -> Iterator[str]:
    condition, prerequisites = place.call["item"].get("when"), book.prerequisites(place)
    says_no = condition in CONDITIONS and condition != "broken" and prerequisites == "met"
    if began or not (prerequisites in {"missing", "excused"} or says_no):
        yield f"{record['branch_id']} was skipped, its prerequisites are {prerequisites}"
    if record["excused"] != (prerequisites != "missing"):
        yield f"{record['branch_id']} is {'' if record['excused'] else 'not '}excused"


def _late(book: SittingBook, record: BranchRecord, place: Place) -> Iterator[str]:
    branch_id = record["branch_id"]
    if book.released_at(place) is None:
        yield f"{branch_id} was {record['status']} while points of its were open"
        return
    if record["release"] not in {point.reason for point in book.last_points(place)}:
        yield f"{branch_id} was ended by {record['release']}, its last points released otherwise"
    if (record["status"] == "timed_out") != (record["release"] == "deadline_partial"):
        yield f"{branch_id} is {record['status']} because of {record['release']}"


def _attempts(book: SittingBook, branch_id: str, place: Place, starts: list[Call]) -> Iterator[str]:
    """No more calls than allowed: attempts of one round, twice as many where late ones are hedged."""
    item = place.call["item"]
    for settings in book.scenario.specialists:
        mine = settings["name"] == item["specialist"]
        allowed = item.get("attempts", settings["attempts"]) if mine else settings["attempts"]
        allowed *= 1 if settings["hedge_s"] is None else 2
        made = sum(call.specialist == settings["name"] for call in starts)
        if made > allowed:
            yield f"{branch_id} was called {made} times by {settings['name']}, {allowed} are allowed"


def over(book: SittingBook, how: str, at: float, slack_s: float) -> Iterator[str]:
    """What is wrong with a sitting that has come to its end."""
    if how == "done" and (missing := book.places.keys() - book.committed):
        yield f"the superstep is done without records of {sorted(missing)}"
    released = [point.released_at for point in book.points.values()]
    ends = [one for one in released if one is not None]
    if book.points and how != "cancelled" and len(ends) < len(released):
        yield f"the sitting is {how} while points are open"
    last = max([*ends, book.cancel_at or 0.0, book.opened_at or 0.0])
    limit = last + 0.1 + book.scoring_s(book.places) + slack_s + NEAR
    if at > limit and (ends or book.cancel_at is not None):
        yield f"the barrier fell at {at:.6g}, it had to by {limit:.6g}"


def done(scenario: Scenario, final: dict[str, BranchRecord], kept: dict[str, BranchRecord]) -> Iterator[str]:
    """What is wrong with the records in the end, of all that was ever kept."""
    if not final.keys() >= {item["branch_id"] for item in scenario.work}:
        yield f"records of {sorted(final)} only"
        return
    for branch_id, record in kept.items():
        if record["status"] == "succeeded" and final[branch_id]["status"] != "succeeded":
            yield f"the success of {branch_id} was lost: {final[branch_id]['status']}"
