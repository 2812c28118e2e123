"""The workflow from input to answer, without a checkpointer and in memory."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from typing_extensions import TypedDict

from langgraph_quorum import QuorumContext, SyncPolicy, build_workflow
from langgraph_quorum.graphs.workflow import Tuning
from langgraph_quorum.nodes.planning.adaptive import STILL_S
from langgraph_quorum.nodes.specialists.specialist import RESERVED_NAMES
from langgraph_quorum.state.errors import ConfigurationError, PlanError
from langgraph_quorum.state.policies import Policies, ReviewPolicy, ValidationPolicy
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.workflow import QuorumState
from tests.graphs.running import FIXED, Crew, compiled, run, statuses, thread

pytestmark = pytest.mark.looptime


@pytest.mark.parametrize("saver", [None, InMemorySaver()], ids=["no checkpointer", "in memory"])
async def test_a_task_alone_makes_one_branch_for_each_specialist(saver: Any) -> None:
    crew = Crew()
    result = await run(crew.sleeps("a", 1), crew.sleeps("b", 2), saver=saver, config=thread())
    assert statuses(result) == {"a": "succeeded", "b": "succeeded"}
    assert result["result"] == {name: {"by": name, "inputs": {}} for name in "ab"}
    assert (result["status"], result["verdict"], result["partial"]) == ("approved", "approved", False)
    assert [decision["status"] for decision in result["sync"]] == ["proceed"]
    assert {branch.task for branch in crew.branches} == {"look"}


async def test_the_last_human_message_is_the_task_when_none_is_given() -> None:
    crew = Crew()
    await compiled(crew.sleeps("a", 1)).ainvoke({"messages": [("user", "old"), ("user", "judge it")]}, context=FIXED)
    assert crew.branches[0].task == "judge it"


@pytest.mark.parametrize("given", [{}, {"tsak": "look"}, {"task": None}, {"sources": [], "messages": []}])
async def test_a_run_that_is_given_nothing_to_do_is_refused_and_told_what_it_takes(given: Any) -> None:
    crew = Crew()
    with pytest.raises(PlanError, match="nothing to do: give one of 'task', 'sources', 'work', 'messages', spelled so"):
        await compiled(crew.sleeps("a", 1)).ainvoke(given, context=FIXED)
    assert not crew.calls


async def test_only_what_this_workflow_takes_is_named_to_who_gives_nothing() -> None:
    class TaskAlone(TypedDict):
        task: str

    with pytest.raises(PlanError, match="give one of 'task', spelled so"):
        await compiled(Crew().sleeps("a", 1), input_schema=TaskAlone).ainvoke({"work": [{}]}, context=FIXED)


async def test_a_planner_may_know_what_to_do_without_being_given_anything() -> None:
    async def nightly(state: QuorumState) -> list[WorkItem]:
        return [WorkItem(specialist="a", payload={"night": 1})]

    crew = Crew()
    out = await compiled(crew.sleeps("a", 1), planner=nightly).ainvoke({}, context=FIXED)
    assert (out["status"], crew.calls) == ("approved", {"a": 1})


async def test_a_planner_that_cannot_be_awaited_is_named() -> None:
    def hasty(state: QuorumState) -> list[WorkItem]:
        return [WorkItem(specialist="a")]

    with pytest.raises(ConfigurationError, match=r"Tuning\.planner=\[.*give an async function"):
        await compiled(Crew().sleeps("a", 1), planner=hasty).ainvoke({"task": "x"}, context=FIXED)


async def test_a_dependent_branch_gets_the_results_it_waited_for() -> None:
    work: list[dict[str, Any]] = [
        {"branch_id": "last", "specialist": "a", "depends_on": ["one", "two"]},
        {"branch_id": "one", "specialist": "a"},
        {"branch_id": "two", "specialist": "b", "depends_on": ["one"]},
    ]
    crew = Crew()
    result = await run(crew.sleeps("a", 1), crew.sleeps("b", 2), work=work)
    got = {name: sorted(record["result"]["inputs"]) for name, record in result["branches"].items()}
    assert got == {"one": [], "two": ["one"], "last": ["one", "two"]}
    settled = {name: round(record["settled_s"], 2) for name, record in result["branches"].items()}
    assert settled == {"one": 1.0, "two": 3.0, "last": 4.0}  # 1, 1 + 2, 1 + 2 + 1


async def test_every_way_to_end_is_told_apart() -> None:
    crew = Crew()
    specialists = [
        crew.sleeps("fine", 1),
        crew.fails("broken", ValueError("no")),
        crew.sleeps("slow", 50, timeout_s=2, attempts=1),
        crew.sleeps("endless", 500),
    ]
    work: list[dict[str, Any]] = [{"specialist": specialist.name} for specialist in specialists]
    work.append({"branch_id": "needy", "specialist": "fine", "depends_on": ["broken"]})
    result = await run(*specialists, work=work, sync=SyncPolicy(threshold=0.2, grace_s=10))
    assert statuses(result) == {
        "fine": "succeeded",  # one of five is the 20 %, at 1 s
        "broken": "failed",
        "slow": "timed_out",  # its own 2 s
        "endless": "cut",  # 1 + 10 s
        "needy": "skipped",
    }
    assert result["branches"]["needy"]["reason"] == "its prerequisite broken did not succeed"
    assert result["branches"]["endless"]["settled_s"] == pytest.approx(11, abs=0.01)
    assert result["failed"] == ["broken", "endless", "needy", "slow"]
    assert result["partial"] is True


async def test_high_priority_goes_first_when_only_one_runs_at_a_time() -> None:
    crew = Crew()
    priorities = {"a": "low", "b": "normal", "c": "high"}
    work = [{"branch_id": name, "specialist": "s", "priority": word} for name, word in priorities.items()]
    await run(crew.sleeps("s", 1), work=work, mode="sequential")
    assert [branch.branch_id for branch in crew.branches] == ["c", "b", "a"]


@pytest.mark.parametrize(("mode", "seconds"), [("parallel", 1.0), ("adaptive", 1.0 + 6 * STILL_S), ("sequential", 6.0)])
async def test_the_mode_says_how_many_run_at_once(mode: str, seconds: float) -> None:
    work = [{"branch_id": f"b{number}", "specialist": "s"} for number in range(6)]
    result = await run(Crew().sleeps("s", 1), work=work, mode=mode)
    # adaptive: three at first, and as these only wait, three more after 1, 2 and 3 times STILL_S
    assert result["sync"][0]["seconds"] == pytest.approx(seconds, abs=0.01)


async def test_branches_that_hang_do_not_keep_the_others_out() -> None:
    crew = Crew()
    hung = [crew.sleeps(f"hung{number}", 3600) for number in range(3)]
    quick = [crew.sleeps(f"quick{number}", 0.1) for number in range(9)]
    result = await run(*hung, *quick, mode="auto", sync=SyncPolicy(threshold=0.75, grace_s=1, deadline_s=60))
    assert Counter(record["status"] for record in result["branches"].values()) == {"succeeded": 9, "cut": 3}
    assert result["sync"][0]["seconds"] < 2


@pytest.mark.parametrize(
    ("work", "message"),
    [
        ([], "the plan is empty"),
        ([{"specialist": "nobody"}], "unknown specialist 'nobody'"),
        ([{"specialist": "s"}, {"specialist": "s"}], "branch id 's' is used twice"),
        ([{"specialist": "s", "depends_on": ["s"]}], "circle: s -> s"),
    ],
)
async def test_work_that_cannot_be_planned_is_refused_before_anything_runs(work: Any, message: str) -> None:
    crew = Crew()
    with pytest.raises(PlanError, match=message):
        await run(crew.sleeps("s", 1), work=work)
    assert not crew.branches


async def test_a_minimum_that_cannot_be_reached_is_refused_whoever_asks_for_it() -> None:
    crew = Crew()
    with pytest.raises(PlanError, match="minimum=3, but there are only 1 branches"):
        await run(crew.sleeps("s", 1), sync=SyncPolicy(minimum=3))
    with pytest.raises(PlanError, match="minimum=2"):
        await compiled(crew.sleeps("s", 1)).ainvoke({"task": "x"}, context=QuorumContext(minimum=2))


async def test_each_specialist_is_a_node_and_each_route_is_labelled() -> None:
    reviewed = ValidationPolicy(review="unmet")
    drawn = compiled(Crew().sleeps("a", 1), Crew().sleeps("b", 1), validation=reviewed).get_graph()
    own = {name for name in RESERVED_NAMES if not name.startswith("before_")}  # drawn where asked for
    assert {"a", "b", *own} <= set(drawn.nodes)
    routes = {(edge.source, edge.target): edge.data for edge in drawn.edges if edge.conditional}
    assert routes["sync_point", "merger"] == "proceed / conditional_proceed"
    assert routes["sync_point", "load_balancer"] == "timeout_recovery"
    assert routes["validator", "integrator"] == "approved"
    assert routes["load_balancer", "coordinator"] == "redistribute"
    assert routes["human_review", "__end__"] == "rejected"
    assert routes["human_review", "coordinator"] == "retry"


async def test_what_stops_a_run_to_ask_is_drawn_only_where_it_was_asked_for() -> None:
    specialists = [Crew().sleeps("a", 1)]
    review = ReviewPolicy(pause_before=("sync_point", "validator"))
    asking = build_workflow(specialists, tuning=Tuning(policies=Policies(review=review))).compile().get_graph()
    plain = build_workflow(specialists).compile().get_graph()
    assert asking.nodes.keys() - plain.nodes.keys() == {"before_sync_point", "before_validator"}
    ways = {(edge.source, edge.target) for edge in asking.edges}
    assert {("a", "before_sync_point"), ("merger", "before_validator"), ("before_validator", "validator")} <= ways
    assert not {("a", "sync_point"), ("merger", "validator")} & ways


async def test_a_stream_shows_each_branch_and_how_far_the_fan_out_has_come() -> None:
    graph = compiled(Crew().sleeps("a", 1), Crew().sleeps("b", 2))
    seen = [event async for event in graph.astream({"task": "x"}, context=FIXED, stream_mode="custom")]
    of_a = [event["event"] for event in seen if event["branch_id"] == "a"]
    assert of_a == ["running", "succeeded"]
    ended = [event for event in seen if event["event"] == "succeeded"]
    assert [(event["branch_id"], event["sync"]["settled"]) for event in ended] == [("a", 1), ("b", 2)]
    figures = {"point": "main", "total": 2, "good": 1, "settled": 1, "needed": 2, "running": 1, "at_once": 1000}
    assert ended[0]["sync"] == figures


async def test_the_timeline_tells_the_run_and_each_line_has_its_own_key() -> None:
    result = await run(Crew().sleeps("a", 1), Crew().fails("b", ValueError("no")))
    events = [(line["node"], line["event"]) for line in result["timeline"]]
    assert events == [
        ("analyzer", "mode_chosen"),
        ("coordinator", "fan_out"),
        ("a", "branch_succeeded"),
        ("b", "branch_failed"),
        ("sync_point", "decided"),
        ("load_balancer", "gave_up"),
        ("merger", "merged"),
        ("validator", "needs_revision"),  # 1 of 2 is below the threshold of 75 %
        ("load_balancer", "gave_up"),  # and a ValueError stays
        ("integrator", "ended"),
    ]
    assert len({line["key"] for line in result["timeline"]}) == len(events)


async def test_work_and_records_that_have_not_changed_are_not_stored_again() -> None:
    graph = compiled(Crew().sleeps("a", 1))
    written = [step async for step in graph.astream({"task": "t"}, stream_mode="updates", context=FIXED)]
    behind = [update for step in written for node, update in step.items() if node not in {"analyzer", "a"}]
    assert all({"branches", "queue"}.isdisjoint(update) for update in behind)
