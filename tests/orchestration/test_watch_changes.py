"""However a run is looked at while it goes on, a watcher is told everything once, and in an order that makes sense."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum.orchestration.events import NodeEnded, QuestionAnswered, QuestionAsked, RunEnded, RunStarted
from langgraph_quorum.orchestration.persistence.runs import StoredRun
from langgraph_quorum.orchestration.sighting import Sighting, StepSeen, TaskSeen, changes

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
LIVE = StoredRun("t1", "review", "running", "look", {}, NOON, NOON, live=True)
OVER = replace(LIVE, status="approved", live=False)


def a_record(branch_id: str) -> Any:
    return {"branch_id": branch_id, "status": "succeeded"}


KINDS = st.tuples(st.booleans(), st.booleans())
"""Whether a task ends branches, and whether it asks."""


def a_task(name: str, *, ends_branches: bool, asks: bool) -> TaskSeen:
    records = (a_record(f"{name}/a"), a_record(f"{name}/b")) if ends_branches else ()
    questions = {f"q{name}": {"ask": name}} if asks else {}
    return TaskSeen(name, "" if records else f"node {name}", True, records, (), questions, True)


def a_step(number: int, kinds: Sequence[tuple[bool, bool]]) -> StepSeen:
    tasks = [a_task(f"{number}.{index}", ends_branches=ends, asks=asks) for index, (ends, asks) in enumerate(kinds)]
    return StepSeen(f"checkpoint {number}", "then", tuple(tasks))


def begun(task: TaskSeen, stage: int) -> TaskSeen:
    """The task earlier on: 0 it has stored nothing but its questions, 1 they are answered, 2 it has ended."""
    if stage >= 2:
        return task
    return replace(task, ended=False, records=(), answered=stage == 1)


def partly(step: StepSeen, stages: Sequence[int]) -> StepSeen:
    tasks = [begun(task, stage) for task, stage in zip(step.tasks, stages, strict=False)]
    return replace(step, ended_at=None, tasks=tuple(tasks))


WHOLE_RUNS = st.lists(st.lists(KINDS, min_size=1, max_size=3), max_size=4).map(
    lambda steps: tuple(a_step(number, kinds) for number, kinds in enumerate(steps))
)
STAGES = st.tuples(*[st.integers(0, 2)] * 3)


@st.composite
def looks(draw: st.DrawFn) -> tuple[tuple[StepSeen, ...], list[Sighting]]:
    """A whole run, and what a watcher sees of it: more each time, from the last supersteps of the look before on."""
    steps = draw(WHOLE_RUNS)
    seen: list[Sighting] = []
    for number, step in enumerate(steps):
        stages = (0, 0, 0)
        for later in draw(st.lists(STAGES, max_size=2)):
            stages = tuple(map(max, stages, later))
            seen.append(Sighting(LIVE, (*steps[_first(seen, steps) : number], partly(step, stages))))
    return steps, [*seen, Sighting(OVER, steps[_first(seen, steps) :])]


def _first(seen: Sequence[Sighting], steps: Sequence[StepSeen]) -> int:
    """Where the next look begins."""
    known = {step.checkpoint_id for step in seen[-1].steps[-2:]} if seen else set()
    return next((place for place, step in enumerate(steps) if step.checkpoint_id in known), 0)


def told(sightings: list[Sighting]) -> list[Any]:
    """All that a watcher is told over these looks; times are left out, for they depend on when one looks."""
    events = []
    for before, after in zip([None, *sightings], sightings, strict=False):
        events += changes(before, after)
    return [replace(event, at=None) if isinstance(event, NodeEnded) else event for event in events]


@given(looks())
def test_every_watcher_is_told_the_same_and_each_thing_once(drawn: tuple[tuple[StepSeen, ...], list[Sighting]]) -> None:
    steps, sightings = drawn
    at_once = told([Sighting(OVER, steps)])
    bit_by_bit = told(sightings)

    assert sorted(map(repr, bit_by_bit)) == sorted(map(repr, at_once))
    assert len(set(map(repr, bit_by_bit))) == len(bit_by_bit)


@given(looks())
def test_the_order_makes_sense_whenever_one_looks(drawn: tuple[tuple[StepSeen, ...], list[Sighting]]) -> None:
    events = told(drawn[1])

    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunEnded)
    asked = {event.id: place for place, event in enumerate(events) if isinstance(event, QuestionAsked)}
    answered = {event.id: place for place, event in enumerate(events) if isinstance(event, QuestionAnswered)}
    assert asked.keys() == answered.keys()
    assert all(asked[name] < answered[name] for name in asked)
    supersteps = [event.node.split()[1].split(".")[0] for event in events if isinstance(event, NodeEnded)]
    assert supersteps == sorted(supersteps)


@given(looks())
def test_nothing_happens_between_two_equal_looks(drawn: tuple[tuple[StepSeen, ...], list[Sighting]]) -> None:
    assert all(changes(sighting, sighting) == [] for sighting in drawn[1])


def test_a_task_that_asks_anew_has_had_its_answer() -> None:
    first = Sighting(LIVE, (StepSeen("c", tasks=(TaskSeen("t", "sign", questions={"q": 1}),)),))
    second = Sighting(LIVE, (StepSeen("c", tasks=(TaskSeen("t", "sign", questions={"q": 2}),)),))

    assert changes(first, second) == [QuestionAnswered("t1", "q"), QuestionAsked("t1", "q", 2)]


def test_a_run_that_is_not_read_to_its_end_has_not_ended() -> None:
    page = Sighting(OVER, (StepSeen("c"),), complete=False)

    assert changes(page, page) == []
    assert isinstance(changes(page, replace(page, complete=True))[-1], RunEnded)
