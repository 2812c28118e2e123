"""Faults to put into the kernel, one at a time: what the simulator must find, or it proves nothing."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import pytest

from langgraph_quorum.nodes.branching import attempts, harvest, rendezvous, stopping, tally
from langgraph_quorum.nodes.branching.admission import Admission
from langgraph_quorum.nodes.branching.claims import Claims
from langgraph_quorum.nodes.branching.gate import Gate
from langgraph_quorum.nodes.branching.loads import Load, Loads
from langgraph_quorum.nodes.branching.tally import Tally
from langgraph_quorum.nodes.branching.turns import Turns
from langgraph_quorum.nodes.branching.work import Work
from langgraph_quorum.state.decision import Arrivals, Release, Wait, decide
from langgraph_quorum.state.sync_policy import SyncPolicy

Patch = pytest.MonkeyPatch
FAULTS: dict[str, Callable[[Patch], None]] = {}
"""By name, what puts a fault in."""


def _fault(put_in: Callable[[Patch], None]) -> Callable[[Patch], None]:
    FAULTS[put_in.__name__.replace("_", " ")] = put_in
    return put_in


def _deciding(change: Callable[[SyncPolicy], SyncPolicy]) -> Callable[..., Wait | Release]:
    def decided(policy: SyncPolicy, arrivals: Arrivals, now: float) -> Wait | Release:
        return decide(change(policy), arrivals, now)

    return decided


@_fault
def one_more_runs_at_once_than_may(patch: Patch) -> None:
    made: Any = Admission.__init__

    def roomier(self: Admission, wave: Any, *rest: Any) -> None:
        made(self, {**wave, "at_once": wave["at_once"] + 1}, *rest)

    patch.setattr(Admission, "__init__", roomier)


@_fault
def cores_are_not_looked_at(patch: Patch) -> None:
    patch.setattr(Admission, "_fits", lambda self, ticket: True)


@_fault
def retries_fallbacks_and_second_calls_take_no_cores(patch: Patch) -> None:
    async def at_once(self: Turns, branch_id: str, load: Load) -> Load:
        return self._admission.load_of(branch_id) or load

    patch.setattr(Turns, "call", at_once)


@_fault
def cores_are_not_given_back(patch: Patch) -> None:
    patch.setattr(Loads, "give_back", lambda self, load: None)


@_fault
def resources_are_not_looked_at(patch: Patch) -> None:
    patch.setattr(Claims, "lacking", lambda self, claimant: "")


@_fault
def resources_are_not_given_back(patch: Patch) -> None:
    patch.setattr(Claims, "give_back", lambda self, claimant: [])


@_fault
def only_the_first_of_those_that_fit_is_told_of_a_freed_resource(patch: Patch) -> None:
    def nobody(self: Claims[Any], claimant: Any) -> list[Any]:
        self._woken_for.pop(id(claimant), "")
        return []

    patch.setattr(Claims, "_woken", nobody)


@_fault
def one_that_lacks_cores_keeps_a_resource_from_others(patch: Patch) -> None:
    patch.setattr(Claims, "pass_on", lambda self: [])


@_fault
def one_that_waits_for_much_of_a_resource_blocks_those_behind_it(patch: Patch) -> None:
    wake = Claims._wake

    def strict(self: Claims[Any], name: str) -> list[Any]:
        by_amount = self._waiting.get(name, {})
        first = min(by_amount, key=lambda amount: by_amount[amount][0], default=0.0)
        return wake(self, name) if first <= self._free[name] + 1e-9 else []

    patch.setattr(Claims, "_wake", strict)


@_fault
def prerequisites_are_not_waited_for(patch: Patch) -> None:
    patch.setattr(Admission, "queue", lambda self, ticket: self._make_ready(ticket))


@_fault
def a_freed_turn_is_given_to_nobody(patch: Patch) -> None:
    give = Turns._give
    patch.setattr(Turns, "_give", lambda self, asking=None: asking is not None and give(self, asking))


@_fault
def an_earliest_start_is_forgotten(patch: Patch) -> None:
    patch.setattr(Work, "_start_of", lambda self, not_before: self._gate.now())


@_fault
def a_success_counts_twice(patch: Patch) -> None:
    count = Tally._succeeded

    def twice(self: Tally, record: Any) -> None:
        count(self, record)
        self._good += 1

    patch.setattr(Tally, "_succeeded", twice)


@_fault
def an_excused_branch_still_counts(patch: Patch) -> None:
    patch.setattr(Tally, "_excuse", lambda self, branch_id: None)


@_fault
def who_must_be_there_is_forgotten(patch: Patch) -> None:
    made: Any = Tally.__init__
    patch.setattr(Tally, "__init__", lambda self, policy, share, at: made(self, policy, {**share, "must": []}, at))


@_fault
def stragglers_get_no_grace(patch: Patch) -> None:
    patch.setattr(tally, "decide", _deciding(lambda policy: dataclasses.replace(policy, grace_s=0.0)))


@_fault
def failures_are_tolerated_without_end(patch: Patch) -> None:
    patch.setattr(tally, "decide", _deciding(lambda policy: dataclasses.replace(policy, tolerate=None)))


@_fault
def a_deadline_is_not_kept(patch: Patch) -> None:
    patch.setattr(tally, "decide", _deciding(lambda policy: dataclasses.replace(policy, deadline_s=math.inf)))


@_fault
def the_gate_sets_no_timer(patch: Patch) -> None:
    patch.setattr(Gate, "_set_deadline", lambda self, now: None)


@_fault
def nobody_looks_for_a_drain(patch: Patch) -> None:
    patch.setattr(Gate, "_look_for_drain", lambda self: None)


@_fault
def what_ended_before_a_crash_is_forgotten(patch: Patch) -> None:
    async def nothing(*_: Any) -> list[Any]:
        return []

    patch.setattr(rendezvous, "_written_before", nothing)


@_fault
def a_meeting_never_ends(patch: Patch) -> None:
    patch.setattr(rendezvous.Meeting, "_end", lambda self: None)


@_fault
def an_answer_that_is_not_scored_in_time_is_thrown_away(patch: Patch) -> None:
    patch.setattr(Work, "unscored", lambda self: None)


@_fault
def a_cancelled_straggler_is_waited_for(patch: Patch) -> None:
    patch.setattr(stopping, "CANCEL_WAIT_S", 60.0)


@_fault
def one_that_was_cut_is_tried_again_or_falls_back(patch: Patch) -> None:
    patch.setattr(attempts, "asked_to_stop", lambda: False)


@_fault
def late_results_are_lost(patch: Patch) -> None:
    patch.setattr(harvest, "take", lambda run: {})
