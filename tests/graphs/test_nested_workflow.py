"""A whole workflow as a branch of another: what goes in, what comes out, and how it fails."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph

from langgraph_quorum import Answer, Branch, QuorumContext, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.graphs.composition import map_reduce, scatter
from langgraph_quorum.graphs.composition_policies import result_of
from langgraph_quorum.graphs.nested import workflow_specialist
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.policies import RecoveryPolicy
from langgraph_quorum.state.workflow import QuorumInput
from tests.graphs.nesting import inner, run
from tests.graphs.running import FIXED, Crew, FixedCapacity, compiled, statuses, thread

pytestmark = pytest.mark.looptime


async def test_the_inner_result_is_the_branchs_result_and_its_measured_quality_its_score() -> None:
    crew = Crew()
    out = await run(compiled(workflow_specialist("w", inner(crew.scores("a", 0.9), crew.sleeps("b", 3)))))
    record = out["branches"]["w"]
    assert record["result"] == {
        "result": {"a": {"by": "a", "turn": 1, "confidence": 0.9}, "b": {"by": "b", "inputs": {}}},
        "status": "approved",
        "partial": False,
        "failed": [],
        "confidence": 0.9,  # of a alone: what b is worth was assumed
    }
    assert record["quality"]["score"] == 0.9
    assert record["seconds"] == pytest.approx(3)
    assert [branch.task for branch in crew.branches] == ["look", "look"]


async def test_a_quality_that_was_only_assumed_is_not_carried_over() -> None:
    out = await run(compiled(workflow_specialist("w", inner(Crew().sleeps("a", 1)))))
    assert "confidence" not in out["branches"]["w"]["result"]
    assert out["branches"]["w"]["quality"]["score"] is None


async def test_work_task_and_sources_of_the_payload_are_the_inner_input() -> None:
    crew = Crew()
    nested = workflow_specialist("w", inner(crew.sleeps("a", 1)))
    work = [{"specialist": "w", "payload": {"task": "count", "work": scatter("a", [{"n": 1}, {"n": 2}], name="in")}}]
    out = await run(compiled(nested), work)
    assert sorted((branch.branch_id, branch.task, branch.payload["n"]) for branch in crew.branches) == [
        ("in/0", "count", 1),
        ("in/1", "count", 2),
    ]
    assert sorted(out["branches"]["w"]["result"]["result"]) == ["in/0", "in/1"]


async def test_an_inner_run_without_words_for_its_task_is_one_all_the_same_where_the_outer_has_none() -> None:
    crew = Crew()
    graph = compiled(workflow_specialist("w", inner(crew.sleeps("a", 1))))
    out = await graph.ainvoke({"work": [{"specialist": "w"}]}, context=FIXED)
    assert (out["status"], [branch.task for branch in crew.branches]) == ("approved", [""])


async def test_whatever_else_a_branch_is_handed_needs_somebody_to_say_what_it_is() -> None:
    crew = Crew()
    work = [
        {"branch_id": "text", "specialist": "w", "payload": {"text": "abc"}},
        {"branch_id": "before", "specialist": "a"},
        {"branch_id": "fed", "specialist": "w", "depends_on": ["before"]},
    ]
    graph = compiled(
        crew.sleeps("a", 1), workflow_specialist("w", inner(crew.sleeps("b", 1))), recovery=RecoveryPolicy(0)
    )
    out = await run(graph, work)
    assert "nothing says what payload['text'] is to the inner workflow" in out["branches"]["text"]["reason"]
    assert "nothing says what inputs['before'] is" in out["branches"]["fed"]["reason"]
    assert crew.calls == {"before": 1}


async def test_prepare_makes_the_inner_input_and_keep_the_result() -> None:
    async def length(branch: Branch) -> int:
        return len(branch.payload["text"])

    async def total(branch: Branch) -> int:
        return sum(branch.inputs.values())

    def prepare(branch: Branch) -> QuorumInput:
        texts = [{"text": text} for text in branch.payload["texts"]]
        return {"work": map_reduce("length", "total", texts, name="chars")}

    workflow = build_workflow(
        [Specialist("length", length), Specialist("total", total)], merge=result_of("chars/reduce")
    )
    nested = workflow_specialist("w", workflow, prepare=prepare, keep=lambda output: {"chars": output["result"]})
    out = await run(compiled(nested), [{"specialist": "w", "payload": {"texts": ["ab", "cde"]}}])
    assert out["branches"]["w"]["result"] == {"chars": 5}


async def test_a_partial_inner_result_is_one_and_says_so() -> None:
    crew = Crew()
    sync = SyncPolicy(threshold=0.5, grace_s=1)
    graph = compiled(workflow_specialist("w", inner(crew.scores("a", 0.5), crew.sleeps("slow", 100), sync=sync)))
    result = (await run(graph))["branches"]["w"]["result"]
    assert (result["status"], result["partial"], result["failed"]) == ("partial", True, ["slow"])


async def test_an_inner_failure_fails_the_branch_in_its_own_words_and_is_not_tried_again() -> None:
    crew = Crew()
    graph = compiled(
        workflow_specialist("w", inner(crew.fails("a", ValueError("no ink")))),
        crew.sleeps("b", 1),
        sync=SyncPolicy(threshold=0.5),
    )
    out = await run(graph)
    assert out["branches"]["w"]["status"] == "failed"
    assert out["branches"]["w"]["error"] == {
        "type": "WorkflowFailedError",
        "message": "workflow 'w' failed: 0 of 1 branch succeeded, at least 1 must (a: no ink)",
        "transient": False,
    }
    assert crew.calls == {"a": 1, "b": 1}


async def test_a_second_attempt_runs_the_inner_workflow_anew() -> None:
    crew = Crew()
    flaky = inner(crew.fails("a", ValueError("no ink"), times=1), crew.sleeps("b", 1), sync=SyncPolicy(must=("a",)))
    nested = workflow_specialist("w", flaky, attempts=2, retry_on=lambda error: True)
    out = await run(compiled(nested, saver=InMemorySaver()), config=thread())
    assert out["branches"]["w"]["result"]["status"] == "approved"
    assert crew.calls == {"a": 2, "b": 2}


async def test_inner_costs_add_up() -> None:
    async def paid(branch: Branch) -> Answer:
        return Answer("done", cost=0.25)

    def prepare(branch: Branch) -> QuorumInput:
        return {"work": scatter("paid", [{}] * 3, name="p")}

    out = await run(compiled(workflow_specialist("w", inner(Specialist("paid", paid)), prepare=prepare)))
    assert out["branches"]["w"]["cost"] == 0.75


async def test_inner_costs_count_when_the_inner_run_fails() -> None:
    async def paid(branch: Branch) -> Answer:
        return Answer("done", cost=0.25)

    crowd = inner(
        Specialist("paid", paid), Crew().fails("broken", ValueError("no ink")), sync=SyncPolicy(must=("broken",))
    )
    out = await run(compiled(workflow_specialist("w", crowd), Crew().sleeps("other", 1)))
    assert (out["branches"]["w"]["status"], out["branches"]["w"]["cost"]) == ("failed", 0.25)


async def test_workflows_nest_as_deep_as_wanted() -> None:
    crew = Crew()
    deepest = workflow_specialist("deepest", inner(crew.scores("a", 0.8)))
    middle = workflow_specialist("middle", inner(deepest, crew.scores("b", 0.8)))
    out = await run(compiled(middle, saver=InMemorySaver()), config=thread())
    assert out["branches"]["middle"]["result"]["result"]["deepest"]["result"]["a"]["by"] == "a"
    assert out["quality"] == pytest.approx(0.8)


async def test_what_the_outer_run_sets_for_itself_is_not_for_the_inner_one() -> None:
    crew = Crew()
    context = QuorumContext(minimum=2, deadline_s=5, capacity=FixedCapacity())
    graph = compiled(workflow_specialist("w", inner(crew.sleeps("a", 1))), crew.sleeps("b", 1))
    assert statuses(await run(graph, context=context)) == {"b": "succeeded", "w": "succeeded"}


async def not_awaited(given: Any) -> Any:
    return given


@pytest.mark.parametrize("function", ["task", not_awaited])
@pytest.mark.parametrize("field", ["prepare", "keep"])
def test_what_nobody_would_await_or_could_call_is_refused(field: str, function: Any) -> None:
    settings: dict[str, Any] = {field: function}
    with pytest.raises(ConfigurationError, match=f"{field}=.*: give a plain function, not an async one"):
        workflow_specialist("w", inner(Crew().sleeps("a", 1)), **settings)


def test_only_a_workflow_can_be_nested_and_only_with_a_state_for_each_run() -> None:
    chat = StateGraph(MessagesState).add_node("hear", lambda state: state).add_edge(START, "hear")
    for graph in (chat, chat.compile(), "workflow"):
        with pytest.raises(ConfigurationError, match="give what build_workflow returns"):
            workflow_specialist("w", graph)  # type: ignore[arg-type]
    kept: Any = inner(Crew().sleeps("a", 1)).compile(checkpointer=True)
    with pytest.raises(ConfigurationError, match="without checkpointer=True"):
        workflow_specialist("w", kept)
