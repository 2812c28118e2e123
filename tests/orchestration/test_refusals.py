"""What the orchestrator refuses, by name and with the mend: inputs, answers, threads, graphs, databases."""

from __future__ import annotations

import asyncio
import random
import string
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import Command

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.state.errors import (
    AnswerError,
    ConfigurationError,
    DatabaseError,
    PlanError,
    ThreadBusyError,
    ThreadNotFoundError,
)
from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.workflow import QuorumInput
from tests.orchestration.crews import Crew

TASK: QuorumInput = {"task": "look"}


@pytest.mark.parametrize("finished", [True, False], ids=["finished", "interrupted"])
async def test_another_input_on_a_thread_that_holds_a_run_is_refused_and_the_run_is_as_it_was(
    pool: Pool, crew: Crew, finished: bool
) -> None:
    if finished:
        crew.go.set()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        run = await quorum.start(TASK, thread_id="t1")
        await asyncio.wait_for(crew.slow_started.wait(), 10)
        if not finished:
            run.drain()
        before = await run.result()
        with pytest.raises(ConfigurationError, match=r"^task='something else': thread 't1' was started with"):
            await quorum.start({"task": "something else"}, thread_id="t1")
        crew.go.set()
        out = await (await quorum.start(TASK, thread_id="t1")).result()
        (listed,) = await quorum.list()
    assert (before["status"], out["status"]) == ("approved" if finished else "interrupted", "approved")
    assert (listed.task, listed.status) == ("look", "approved")


async def test_an_option_by_a_name_that_the_run_uses_itself_is_refused_and_nothing_is_started(
    pool: Pool, crew: Crew
) -> None:
    """It would be lost; or, with an input that is not JSON, be taken for the input by a resume."""
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        for name in ("input", "input_digest", "kept_answers"):
            with pytest.raises(ConfigurationError, match=rf"^options='{name}': a run keeps .* take another$"):
                await quorum.start(TASK, "t1", options={"colour": "red", name: {"task": "something else"}})
        assert not (await quorum.list()).runs


async def test_messages_are_told_apart_by_what_they_say(pool: Pool) -> None:
    async def reply(state: MessagesState) -> dict[str, Any]:
        return {"messages": [AIMessage("hello")]}

    chat = StateGraph(MessagesState).add_node("reply", reply).add_edge(START, "reply")
    async with Orchestrator.on(chat, pool) as quorum:
        for _ in range(2):
            out = await (await quorum.start({"messages": [HumanMessage("hi")]}, thread_id="t1")).result()
            assert [message.text for message in out["messages"]] == ["hi", "hello"]
        with pytest.raises(ConfigurationError, match=r"thread 't1' was started with another input: give that one, or"):
            await quorum.start({"messages": [HumanMessage("and now?")]}, thread_id="t1")
        assert (await (await quorum.resume("t1")).result())["messages"] == out["messages"]


async def test_a_second_driver_is_turned_away_while_the_first_one_runs(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        run = await quorum.start(TASK, thread_id="t1")
        with pytest.raises(ThreadBusyError, match="t1"):
            await quorum.start(TASK, thread_id="t1")
        with pytest.raises(ThreadBusyError, match="t1"):
            await quorum.resume("t1")
        assert (await quorum.get("t1"))["status"] == "running"
        crew.go.set()
        assert (await run.result())["status"] == "approved"


async def test_an_unknown_thread_is_an_error_that_says_where_to_look(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        for look in (quorum.resume, quorum.get):
            for unknown in ("nowhere", "no\0where", "no\ud800where"):
                with pytest.raises(ThreadNotFoundError, match="quorum runs"):
                    await look(unknown)


async def test_a_plan_that_cannot_be_done_fails_the_run_and_names_the_reason(pool: Pool, crew: Crew) -> None:
    work: list[WorkItem] = [{"branch_id": "x", "specialist": "nobody"}]
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        run = await quorum.start({**TASK, "work": work}, thread_id="t1")
        with pytest.raises(PlanError, match="nobody"):
            await run.result()
        (listed,) = await quorum.list()
    assert listed.status == "failed"


async def test_characters_that_postgres_cannot_keep_are_refused_before_anything_starts(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        with pytest.raises(ConfigurationError, match=r"task=.*NUL"):
            await quorum.start({"task": "look\0here"}, thread_id="t1")
        assert len(await quorum.list()) == 0


async def test_an_id_that_only_some_of_the_tables_could_hold_is_refused_before_anything_starts(
    pool: Pool, crew: Crew
) -> None:
    crew.go.set()
    letters = "".join(random.Random(1).choices(string.ascii_letters, k=2000))  # an index compresses what repeats itself
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        assert (await (await quorum.start(TASK, letters)).result())["status"] == "approved"
        for name in (f"{letters}x", f"{letters[1:]}é"):
            with pytest.raises(ConfigurationError, match=r"^thread_id='\w{40}\.\.\.': give one of at most 2000 bytes"):
                await quorum.start(TASK, name)
            with pytest.raises(ConfigurationError, match=r"^into="):
                await quorum.fork(letters, into=name)
        assert [run.thread_id for run in await quorum.list()] == [letters]


async def test_a_thread_of_another_workflow_is_not_taken_up(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(asks=True), pool, "reviews") as reviews:
        waiting = await (await reviews.start(TASK, thread_id="t1")).result()
    async with Orchestrator.on(crew.workflow(asks=True), pool, "audits") as audits:
        with pytest.raises(ConfigurationError, match="reviews"):
            await audits.resume("t1", dict.fromkeys(waiting["interrupts"], "yes"))


async def test_a_compiled_graph_is_refused_with_the_mend(pool: Pool, crew: Crew) -> None:
    with pytest.raises(ConfigurationError, match="before compile"):
        async with Orchestrator.on(crew.workflow().compile(), pool):  # type: ignore[arg-type]
            pass


async def test_a_database_that_is_gone_is_a_typed_error_without_a_password(crew: Crew) -> None:
    with pytest.raises(DatabaseError, match="does not answer") as caught:
        async with Orchestrator.open(crew.workflow(), "postgresql://me:secret@127.0.0.1:1/db"):
            pass
    assert "secret" not in str(caught.value)


async def test_a_misspelled_field_of_the_input_is_named_and_not_dropped(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        with pytest.raises(ConfigurationError, match=r"taks=.*did you mean 'task'"):
            await quorum.start({"taks": "look"})  # type: ignore[typeddict-unknown-key]
        assert len(await quorum.list()) == 0


@pytest.mark.parametrize("answers", [True, "yes", ["yes"]])
async def test_answers_that_name_no_question_are_refused(pool: Pool, crew: Crew, answers: object) -> None:
    async with Orchestrator.on(crew.workflow(asks=True), pool) as quorum:
        await (await quorum.start(TASK, thread_id="t1")).result()
        with pytest.raises(AnswerError, match="by interrupt id"):
            await quorum.resume("t1", answers)  # type: ignore[arg-type]
        assert (await quorum.get("t1"))["status"] == "waiting"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"values": "look"}, "values"),
        ({"values": {"task": 5}}, "task"),
        ({"values": TASK, "thread_id": 5}, "thread_id"),
        ({"values": Command(resume="yes")}, "values"),
        ({"values": TASK, "options": ["a"]}, "options"),
        ({"values": TASK, "options": ""}, "options"),
    ],
)
async def test_arguments_of_the_wrong_kind_are_named(
    pool: Pool, crew: Crew, arguments: dict[str, Any], field: str
) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        with pytest.raises(ConfigurationError) as refused:
            await quorum.start(**arguments)
    assert refused.value.field == field
