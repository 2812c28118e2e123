"""Faults to put in between calls and between fan-outs: rates and rests of services, mending, growth."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from langgraph_quorum.nodes import growth, load_balancer, mending, redistribution, sync_point
from langgraph_quorum.nodes.branching import seat
from langgraph_quorum.nodes.branching.effort import Effort
from langgraph_quorum.state.policies import GrowthPolicy

Patch = pytest.MonkeyPatch


def a_rate_limit_is_not_kept(patch: Patch) -> None:
    patch.setattr(seat, "pace_of", lambda specialist: None)


def what_the_second_of_two_calls_was_told_is_not_heard(patch: Patch) -> None:
    failed = Effort.failed

    def deaf(self: Effort, error: Exception) -> None:
        failed(self, error)
        if self.attempts % 2 == 0:
            self.rests = None

    patch.setattr(Effort, "failed", deaf)


def a_retry_does_not_wait_for_its_service(patch: Patch) -> None:
    patch.setattr(Effort, "rest_s", 0.0)


def a_later_round_does_not_wait_for_its_service(patch: Patch) -> None:
    patch.setattr(redistribution, "postponed", lambda item, record: item)


def a_record_does_not_say_when_its_service_wants_to_be_asked(patch: Patch) -> None:
    failed = Effort.failed

    def silent(self: Effort, error: Exception) -> None:
        failed(self, error)
        self.not_before = None

    patch.setattr(Effort, "failed", silent)


def what_was_stopped_does_not_wait_for_its_service(patch: Patch) -> None:
    patch.setattr(sync_point, "postponed", lambda item, record: item)


def work_waits_for_a_service_that_rests_beyond_its_deadline(patch: Patch) -> None:
    for module in (mending, redistribution):
        patch.setattr(module, "is_out_of_reach", lambda item, record, fan_out: False)


def rounds_know_no_bound(patch: Patch) -> None:
    bound_met = load_balancer.bound_met

    def unbound(load: Any, policy: Any) -> str:
        return "" if "rounds" in (why := bound_met(load, policy)) else why

    patch.setattr(load_balancer, "bound_met", unbound)


def seconds_and_cost_know_no_bound(patch: Patch) -> None:
    bound_met: Any = load_balancer.bound_met

    def unbound(load: Any, policy: Any) -> Any:
        return bound_met({**load, "seconds": 0.0, "cost": -1.0}, policy)

    patch.setattr(load_balancer, "bound_met", unbound)


def more_goes_out_than_there_are_attempts_left(patch: Patch) -> None:
    patch.setattr(load_balancer, "room_for_attempts", lambda load, policy: None)


def pieces_take_no_room(patch: Patch) -> None:
    made: Any = redistribution.Redistribution
    patch.setattr(redistribution, "Redistribution", lambda spare: made(spare=math.inf))


def somebody_gets_a_branch_again(patch: Patch) -> None:
    def anybody(item: Any, record: Any, seats: Any) -> str | None:
        return next((name for name in seats if name != item["specialist"]), None)

    for module in (mending, redistribution):
        patch.setattr(module, "stands_in", anybody)


def a_success_goes_out_again(patch: Patch) -> None:
    choose = mending.choose_redo

    def more(state: Any, fan_out: Any, *, is_vain: bool) -> list[str]:
        chosen = choose(state, fan_out, is_vain=is_vain)
        done = (name for name, record in state["branches"].items() if record["status"] == "succeeded")
        return [*chosen, *(name for name in done if chosen and name not in chosen)]

    patch.setattr(load_balancer, "choose_redo", more)


def a_piece_goes_out_without_what_joins_it(patch: Patch) -> None:
    patch.setattr(load_balancer, "_whole", lambda state, chosen, room: list(chosen)[:room])


def a_piece_is_lost(patch: Patch) -> None:
    smaller = redistribution.smaller
    patch.setattr(redistribution, "smaller", lambda *given: smaller(*given)[:-1])


def time_grows_without_measure(patch: Patch) -> None:
    again = redistribution._again

    def longer(*given: Any) -> Any:
        item, plan = again(*given), given[-1]
        return {**item, "timeout_s": 9 * item["timeout_s"]} if item["branch_id"] in plan.longer else item

    patch.setattr(redistribution, "_again", longer)


def a_late_result_counts_twice(patch: Patch) -> None:
    spent = sync_point._spent

    def twice(state: Any, records: Any, late: Any) -> Any:
        return spent(state, records, [one for record in late for one in (record, record)])

    patch.setattr(sync_point, "_spent", twice)


def growth_knows_no_bound(patch: Patch) -> None:
    grown = growth.grown

    def unbound(queue: Any, before: Any, records: Any, policy: Any, order: Any) -> Any:
        return grown(queue, before, records, GrowthPolicy(branches=100, generations=100), order)

    patch.setattr(sync_point, "grown", unbound)


def what_a_late_result_asks_for_is_lost(patch: Patch) -> None:
    grown = growth.grown

    def punctual(queue: Any, before: Any, records: Any, policy: Any, order: Any) -> Any:
        return grown(queue, before, [record for record in records if not record["late"]], policy, order)

    patch.setattr(sync_point, "grown", punctual)


def what_has_grown_does_not_go_out(patch: Patch) -> None:
    following = sync_point._next

    def stunted(fan_out: Any, records: Any, branches: Any, result: Any) -> Any:
        upcoming = following(fan_out, records, branches, result)
        upcoming.branches = [name for name in upcoming.branches if name not in result.new]
        return upcoming

    patch.setattr(sync_point, "_next", stunted)


def a_question_that_is_put_off_is_waited_for_without_end(patch: Patch) -> None:
    def due(fan_out: Any, records: Sequence[Any], *_: Any) -> list[str]:
        asking = [record for record in records if record["status"] == "awaiting_human"]
        blocks = {name for name, policy in fan_out.points.policies.items() if policy.on_question == "block"}
        return [record["branch_id"] for record in asking if blocks.intersection(record["points"])]

    patch.setattr(sync_point, "_due", due)


FAULTS: dict[str, Callable[[Patch], None]] = {
    one.__name__.replace("_", " "): one
    for one in (
        a_rate_limit_is_not_kept,
        what_the_second_of_two_calls_was_told_is_not_heard,
        a_retry_does_not_wait_for_its_service,
        a_later_round_does_not_wait_for_its_service,
        a_record_does_not_say_when_its_service_wants_to_be_asked,
        what_was_stopped_does_not_wait_for_its_service,
        work_waits_for_a_service_that_rests_beyond_its_deadline,
        rounds_know_no_bound,
        seconds_and_cost_know_no_bound,
        more_goes_out_than_there_are_attempts_left,
        pieces_take_no_room,
        somebody_gets_a_branch_again,
        a_success_goes_out_again,
        a_piece_goes_out_without_what_joins_it,
        a_piece_is_lost,
        time_grows_without_measure,
        a_late_result_counts_twice,
        growth_knows_no_bound,
        what_a_late_result_asks_for_is_lost,
        what_has_grown_does_not_go_out,
        a_question_that_is_put_off_is_waited_for_without_end,
    )
}
"""By name, what puts a fault in."""
