"""A whole workflow as a branch of another: input, outcome, questions, crashes, limits."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import GraphDrained
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.runtime import RunControl
from langgraph.types import Command, interrupt

from langgraph_quorum import Answer, Branch, QuorumContext, Specialist, SyncPolicy, Tuning, build_workflow
from langgraph_quorum.graphs.composition import map_reduce, scatter
from langgraph_quorum.graphs.composition_policies import result_of
from langgraph_quorum.graphs.nested import workflow_specialist
from langgraph_quorum.graphs.workflow import QuorumBuilder
from langgraph_quorum.nodes.branching.rendezvous import open_meetings
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.policies import Policies, RecoveryPolicy, ValidationPolicy
from langgraph_quorum.state.workflow import QuorumInput
from tests.graphs.running import FIXED, PATIENT, Crew, FixedCapacity, compiled, statuses, thread

pytestmark = pytest.mark.looptime


def inner(*specialists: Specialist, sync: SyncPolicy = PATIENT, **policies: Any) -> QuorumBuilder:
    return build_workflow(specialists, sync, "merge_all", "parallel", Tuning(Policies(**policies)))


async def run(graph: Any, work: Any = None, *, context: QuorumContext = FIXED, config: Any = None) -> dict[str, Any]:
    given = {"task": "look"} if work is None else {"task": "look", "work": work}
    out: dict[str, Any] = await graph.ainvoke(given, config, context=context)
    return out


def own_work(branch: Branch) -> Any:
    """One inner branch for each specialist that the payload names, called after the outer branch."""
    names = branch.payload["names"]
    return {"task": "x", "work": [{"branch_id": f"{branch.branch_id}.{name}", "specialist": name} for name in names]}


def nests(count: int, *names: str) -> list[dict[str, Any]]:
    return [{"branch_id": f"w{n}", "specialist": "w", "payload": {"names": list(names)}} for n in range(count)]


# -- what goes in and what comes out ----------------------------------------------------------------------------------


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


def test_only_a_workflow_can_be_nested_and_only_with_a_state_for_each_run() -> None:
    chat = StateGraph(MessagesState).add_node("hear", lambda state: state).add_edge(START, "hear")
    for graph in (chat, chat.compile(), "workflow"):
        with pytest.raises(ConfigurationError, match="give what build_workflow returns"):
            workflow_specialist("w", graph)  # type: ignore[arg-type]
    kept: Any = inner(Crew().sleeps("a", 1)).compile(checkpointer=True)
    with pytest.raises(ConfigurationError, match="without checkpointer=True"):
        workflow_specialist("w", kept)


# -- limits from outside ----------------------------------------------------------------------------------------------


class Stoppable(Crew):
    """Notes which specialists were cancelled, and when."""

    def __init__(self) -> None:
        super().__init__()
        self.stopped: dict[str, float] = {}

    def hangs(self, name: str) -> Specialist:
        async def run(branch: Branch) -> None:
            self._note(branch)
            loop = asyncio.get_running_loop()
            try:
                await asyncio.sleep(1000)
            except asyncio.CancelledError:
                self.stopped[branch.branch_id] = loop.time()
                raise

        return Specialist(name, run, timeout_s=2000)


async def test_the_outer_deadline_cuts_an_inner_run_and_stops_its_work() -> None:
    crew = Stoppable()
    graph = compiled(
        workflow_specialist("w", inner(crew.hangs("a"), crew.sleeps("b", 1))),
        crew.sleeps("c", 1),
        sync=SyncPolicy(threshold=1.0, deadline_s=10),
        recovery=RecoveryPolicy(rounds=0),
    )
    out = await run(graph)
    assert out["branches"]["w"]["status"] == "timed_out"
    assert out["branches"]["w"]["settled_s"] == pytest.approx(10, abs=0.2)
    assert crew.stopped == {"a": pytest.approx(10, abs=0.2)}
    assert open_meetings() == 0


async def test_a_cut_reaches_the_innermost_work_of_workflows_in_workflows() -> None:
    crew = Stoppable()
    middle = inner(workflow_specialist("deepest", inner(crew.hangs("a"))))
    graph = compiled(workflow_specialist("w", middle), crew.sleeps("b", 1), sync=SyncPolicy(threshold=0.5, grace_s=2))
    assert statuses(await run(graph)) == {"b": "succeeded", "w": "cut"}
    assert crew.stopped == {"a": pytest.approx(3, abs=0.2)}
    assert open_meetings() == 0


async def test_a_cancelled_run_cancels_the_inner_ones() -> None:
    crew = Stoppable()
    graph = compiled(workflow_specialist("w", inner(crew.hangs("a")), prepare=own_work))
    running = asyncio.create_task(run(graph, nests(3, "a")))
    await asyncio.sleep(5)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert sorted(crew.stopped) == ["w0.a", "w1.a", "w2.a"]
    assert open_meetings() == 0


async def test_a_drain_stops_inner_branches_and_a_resume_goes_on_with_them() -> None:
    crew, control = Crew(), RunControl()
    graph = compiled(
        workflow_specialist("w", inner(crew.sleeps("a", 1), crew.sleeps("b", 100))),
        crew.sleeps("c", 1),
        saver=InMemorySaver(),
    )
    loop = asyncio.get_running_loop()
    loop.call_later(5, control.request_drain)
    with pytest.raises(GraphDrained):
        await graph.ainvoke({"task": "x"}, thread(), context=FIXED, control=control)
    assert loop.time() < 6
    assert open_meetings() == 0
    out = await graph.ainvoke(None, thread(), context=FIXED)
    assert statuses(out) == {"c": "succeeded", "w": "succeeded"}
    assert crew.calls == {"a": 1, "b": 2, "c": 1}


# -- crashes and questions --------------------------------------------------------------------------------------------


async def crashed(graph: Any, work: Any, after_s: float) -> None:
    running = asyncio.create_task(run(graph, work, config=thread()))
    await asyncio.sleep(after_s)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("bundle", [None, 2, "auto"])
@pytest.mark.parametrize("config", [{}, {"max_concurrency": 2}], ids=["all at once", "two at once"])
async def test_after_a_crash_inner_branches_that_are_done_are_not_done_again(bundle: Any, config: Any) -> None:
    crew = Crew()
    nested = workflow_specialist("w", inner(crew.sleeps("a", 1), crew.sleeps("b", 9)), prepare=own_work)
    graph = compiled(nested, saver=InMemorySaver(), bundle=bundle)
    await crashed(graph, nests(20, "a", "b"), after_s=5)
    done, begun = Counter(crew.calls), set(crew.calls)
    out = await graph.ainvoke(None, {**thread(), **config}, context=FIXED)
    assert set(statuses(out).values()) == {"succeeded"}
    for name, record in out["branches"].items():  # each has got its own results back
        assert sorted(record["result"]["result"]) == [f"{name}.a", f"{name}.b"]
    again = Counter(crew.calls) - done
    assert len(begun) == 40
    assert set(again) == {f"w{n}.b" for n in range(20)}


async def test_a_second_attempt_that_crashes_goes_on_where_it_was() -> None:
    crew = Crew()
    specialists = crew.fails("a", ValueError("no ink"), times=1), crew.sleeps("b", 1), crew.sleeps("c", 9)
    flaky = inner(*specialists, sync=SyncPolicy(must=("a",)), recovery=RecoveryPolicy(rounds=0))
    nested = workflow_specialist("w", flaky, attempts=2, backoff_s=0.1, retry_on=lambda error: True)
    graph = compiled(nested, saver=InMemorySaver())
    await crashed(graph, None, after_s=13)  # the first attempt ended after 9 s
    out = await graph.ainvoke(None, thread(), context=FIXED)
    assert out["branches"]["w"]["status"] == "succeeded"
    assert crew.calls == {"a": 2, "b": 2, "c": 3}


async def test_an_inner_quorum_remembers_what_was_in_before_a_crash() -> None:
    crew = Crew()
    sync = SyncPolicy(threshold=0.5, grace_s=20)
    graph = compiled(
        workflow_specialist("w", inner(crew.sleeps("a", 1), crew.sleeps("slow", 100), sync=sync)), saver=InMemorySaver()
    )
    await crashed(graph, None, after_s=5)
    out = await graph.ainvoke(None, thread(), context=FIXED)
    assert out["branches"]["w"]["result"]["failed"] == ["slow"]
    assert out["branches"]["w"]["settled_s"] == pytest.approx(20, abs=0.2)  # the grace anew, and no more
    assert crew.calls == {"a": 1, "slow": 2}


class Asking(Crew):
    """A specialist that asks a human."""

    def asks(self, name: str) -> Specialist:
        async def run(branch: Branch) -> dict[str, Any]:
            answer = interrupt(f"may {branch.branch_id}?")
            self._note(branch)
            return {"answer": answer}

        return Specialist(name, run)


async def test_questions_of_inner_branches_pass_out_and_are_answered_one_by_one() -> None:
    crew = Asking()
    nested = workflow_specialist("w", inner(crew.sleeps("a", 1), crew.asks("q")), prepare=own_work)
    graph = compiled(nested, crew.sleeps("b", 1), saver=InMemorySaver(), bundle=2)
    paused = await run(graph, [*nests(3, "a", "q"), {"specialist": "b"}], config=thread())
    questions = {question.value: question.id for question in paused["__interrupt__"]}
    assert sorted(questions) == ["may w0.q?", "may w1.q?", "may w2.q?"]
    assert open_meetings() == 0
    still = await graph.ainvoke(Command(resume={questions["may w1.q?"]: "one"}), thread(), context=FIXED)
    assert sorted(question.value for question in still["__interrupt__"]) == ["may w0.q?", "may w2.q?"]
    rest = {questions["may w0.q?"]: "zero", questions["may w2.q?"]: "two"}
    out = await graph.ainvoke(Command(resume=rest), thread(), context=FIXED)
    answers = {n: out["branches"][f"w{n}"]["result"]["result"][f"w{n}.q"]["answer"] for n in range(3)}
    assert answers == {0: "zero", 1: "one", 2: "two"}
    assert set(crew.calls.values()) == {1}


async def test_a_bare_graph_asks_from_a_send_of_its_own_and_not_anew_though_others_are_bundled() -> None:
    crew = Asking()
    bare = inner(crew.sleeps("a", 1), crew.asks("q")).compile()
    graph = compiled(Specialist("w", bare, prepare=own_work), saver=InMemorySaver(), bundle=2)
    paused = await run(graph, nests(2, "a", "q"), config=thread())
    answers = {question.id: "yes" for question in paused["__interrupt__"]}
    await graph.ainvoke(Command(resume=answers), thread(), context=FIXED)
    assert crew.calls == {"w0.a": 1, "w0.q": 1, "w1.a": 1, "w1.q": 1}


async def test_an_inner_review_is_asked_of_the_outer_runs_human() -> None:
    crew = Crew()
    reviewed = inner(crew.scores("a", 0.9), validation=ValidationPolicy(review="always"))
    graph = compiled(
        workflow_specialist("w", reviewed), crew.sleeps("b", 1), sync=SyncPolicy(0.5), saver=InMemorySaver()
    )
    (question,) = (await run(graph, config=thread()))["__interrupt__"]
    assert question.value["action_requests"][0]["name"] == "approve_result"
    no = {"decisions": [{"type": "reject", "message": "too dry"}]}
    out = await graph.ainvoke(Command(resume={question.id: no}), thread(), context=FIXED)
    assert out["branches"]["w"]["reason"] == "workflow 'w' failed: too dry"
    assert crew.calls == {"a": 1, "b": 1}


async def test_those_who_watch_see_inner_branches_under_the_outer_ones() -> None:
    graph = compiled(workflow_specialist("w", inner(Crew().sleeps("a", 1))))
    seen: dict[int, list[str]] = {}
    events = graph.astream({"task": "x"}, context=FIXED, stream_mode="custom", subgraphs=True)
    async for namespace, event in events:
        seen.setdefault(len(namespace), []).append(f"{event['branch_id']} {event['event']}")
    assert [lines[-1] for lines in seen.values()] == ["w succeeded", "a succeeded"]
