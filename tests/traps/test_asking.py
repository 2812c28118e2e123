"""Questions to a human: answers to nobody, one answer for several, and pauses without a checkpointer."""

from __future__ import annotations

from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt

from langgraph_quorum import Branch, Orchestrator, Specialist, build_workflow
from langgraph_quorum.state.errors import AnswerError, ConfigurationError
from tests.graphs.running import FIXED, Crew, compiled, thread
from tests.traps.plain import Named, fan_out, notes_its_name

NOBODY = "0" * 32
"""An interrupt id in form, but of no interrupt."""


class Asking:
    """Workers and specialists that ask, and note each time they begin."""

    def __init__(self) -> None:
        self.began: list[str] = []

    async def worker(self, state: Named) -> dict[str, Any]:
        self.began.append(state["name"])
        answer = interrupt(f"may {state['name']}?")
        return {"done": [f"{state['name']}: {answer}"]}

    async def specialist(self, branch: Branch) -> dict[str, Any]:
        self.began.append(branch.branch_id)
        return {"answer": interrupt(f"may {branch.branch_id}?"), "confidence": 1.0}

    async def plain(self, names: str) -> Any:
        """A graph of plain LangGraph whose branches of these names all wait for an answer."""
        graph = fan_out(self.worker, names).compile(checkpointer=InMemorySaver())
        assert len((await graph.ainvoke({}, thread()))["__interrupt__"]) == len(names)
        return graph

    def crew(self) -> list[Specialist]:
        return [Specialist(name, self.specialist) for name in "ab"]


async def ids(graph: Any) -> dict[str, str]:
    """The ids of the open questions, by question."""
    return {question.value: question.id for question in (await graph.aget_state(thread())).interrupts}


@pytest.mark.looptime
async def test_plain_an_answer_to_an_unknown_interrupt_is_ignored_and_the_branches_begin_again() -> None:
    asking = Asking()
    graph = await asking.plain("ab")
    result = await graph.ainvoke(Command(resume={NOBODY: "yes"}), thread())
    assert len(result["__interrupt__"]) == 2
    assert asking.began == ["a", "b"] * 2


@pytest.mark.looptime
async def test_plain_an_answer_given_twice_is_ignored_the_second_time() -> None:
    graph = await Asking().plain("ab")
    first = (await ids(graph))["may a?"]
    await graph.ainvoke(Command(resume={first: "yes"}), thread())
    result = await graph.ainvoke(Command(resume={first: "no"}), thread())
    assert result["done"] == ["a: yes"]
    assert [question.value for question in result["__interrupt__"]] == ["may b?"]


@pytest.mark.looptime
async def test_plain_a_map_of_answers_whose_keys_do_not_look_like_ids_is_itself_the_answer() -> None:
    graph = await Asking().plain("a")
    result = await graph.ainvoke(Command(resume={"mistyped-id": "yes"}), thread())
    assert result == {"done": ["a: {'mistyped-id': 'yes'}"], "joined": True}


@pytest.mark.looptime
async def test_plain_one_bare_answer_to_several_questions_is_refused() -> None:
    graph = await Asking().plain("ab")
    for answer in ("yes", {"mistyped-id": "yes"}):
        with pytest.raises(RuntimeError, match="multiple pending interrupts"):
            await graph.ainvoke(Command(resume=answer), thread())


async def test_ours_refuses_an_answer_to_a_question_that_is_not_open_and_runs_nothing(database: str) -> None:
    asking = Asking()
    async with Orchestrator.open(build_workflow(asking.crew(), mode="parallel"), database) as quorum:
        waiting = await (await quorum.start({"task": "x"}, thread_id="t")).result()
        questions = {question: name for name, question in waiting["interrupts"].items()}
        for wrong in (NOBODY, "mistyped-id"):
            with pytest.raises(AnswerError, match=f"no question '{wrong}' is open on thread 't'"):
                await quorum.resume("t", {questions["may a?"]: "yes", wrong: "yes"})
        assert sorted(asking.began) == ["a", "b"]

        still = await (await quorum.resume("t", {questions["may a?"]: "yes"})).result()
        assert list(still["interrupts"].values()) == ["may b?"]
        with pytest.raises(AnswerError, match=questions["may a?"]):
            await quorum.resume("t", {questions["may a?"]: "no"})
        out = await (await quorum.resume("t", {questions["may b?"]: "no"})).result()
    assert out["status"] == "approved"
    assert {name: record["result"]["answer"] for name, record in out["branches"].items()} == {"a": "yes", "b": "no"}


@pytest.mark.looptime
async def test_on_both_sides_a_partial_answer_makes_what_is_not_answered_begin_again() -> None:
    asking = Asking()
    graph = await asking.plain("ab")
    await graph.ainvoke(Command(resume={(await ids(graph))["may a?"]: "yes"}), thread())
    assert sorted(asking.began) == ["a", "a", "b", "b"]

    ours = Asking()
    graph = compiled(*ours.crew(), saver=InMemorySaver())
    await graph.ainvoke({"task": "x"}, thread(), context=FIXED)
    await graph.ainvoke(Command(resume={(await ids(graph))["may a?"]: "yes"}), thread(), context=FIXED)
    assert sorted(ours.began) == ["a", "a", "b", "b"]


@pytest.mark.looptime
async def test_ours_without_the_orchestrator_has_plain_langgraphs_answers() -> None:
    asking = Asking()
    graph = compiled(*asking.crew(), saver=InMemorySaver())
    await graph.ainvoke({"task": "x"}, thread(), context=FIXED)
    result = await graph.ainvoke(Command(resume={NOBODY: "yes"}), thread(), context=FIXED)
    assert len(result["__interrupt__"]) == 2


@pytest.mark.looptime
async def test_plain_a_breakpoint_without_a_checkpointer_just_stops() -> None:
    graph = fan_out(notes_its_name, "a").compile(interrupt_before=["join"])
    assert await graph.ainvoke({}) == {"done": ["a"]}  # neither the join nor a word that it was left out


@pytest.mark.looptime
async def test_plain_a_question_without_a_checkpointer_can_be_asked_but_not_answered() -> None:
    graph = fan_out(Asking().worker, "a").compile()
    assert [question.value for question in (await graph.ainvoke({}))["__interrupt__"]] == ["may a?"]
    with pytest.raises(RuntimeError, match=r"Cannot use Command\(resume=...\) without checkpointer"):
        await graph.ainvoke(Command(resume="yes"))


@pytest.mark.looptime
async def test_ours_stops_at_a_breakpoint_too_but_says_that_it_has_not_ended() -> None:
    workflow = build_workflow([Crew().sleeps("s", 1)], mode="parallel")
    result = await workflow.compile(interrupt_before=["merger"]).ainvoke({"task": "x"}, context=FIXED)
    assert (result["status"], result["verdict"]) == ("running", None)


async def test_the_orchestrator_takes_only_graphs_that_it_compiles_on_its_checkpointer(database: str) -> None:
    stopping = build_workflow([Crew().sleeps("s", 1)]).compile(interrupt_before=["merger"])
    with pytest.raises(ConfigurationError, match="before compile"):
        async with Orchestrator.open(stopping, database):  # type: ignore[arg-type]
            pass
