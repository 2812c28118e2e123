"""Crashes, questions and events of a workflow in a workflow."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt

from langgraph_quorum import Branch, Specialist, SyncPolicy
from langgraph_quorum.graphs.nested import workflow_specialist
from langgraph_quorum.nodes.branching.rendezvous import open_meetings
from langgraph_quorum.state.policies import RecoveryPolicy, ValidationPolicy
from tests.graphs.nesting import inner, nests, own_work, run
from tests.graphs.running import FIXED, Crew, compiled, statuses, thread

pytestmark = pytest.mark.looptime


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
