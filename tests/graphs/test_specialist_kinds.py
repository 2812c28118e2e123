"""A specialist is anything a user already has."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from langgraph.graph import END, START, MessagesState, StateGraph
from typing_extensions import TypedDict

from langgraph_quorum import Branch, Specialist
from tests.graphs.running import run

WORK = [{"branch_id": "b", "specialist": "only", "payload": {"n": 20}}]


async def doubled(branch: Branch, factor: int = 2) -> int:
    return int(branch.payload["n"]) * factor


class Doubler:
    async def __call__(self, branch: Branch) -> int:
        return await doubled(branch)

    def plainly(self, branch: Branch) -> int:
        return int(branch.payload["n"]) * 2


@pytest.mark.parametrize(
    "function",
    [
        doubled,
        partial(doubled, factor=2),
        Doubler(),
        Doubler().plainly,
        lambda branch: branch.payload["n"] * 2,
        lambda branch: doubled(branch, 2),
        RunnableLambda(lambda fields: fields["payload"]["n"] * 2),
    ],
    ids=["async", "partial", "async-object", "method", "lambda", "lambda-around-async", "runnable"],
)
async def test_functions_and_runnables_of_every_kind_answer(function: Any) -> None:
    record = (await run(Specialist("only", function), work=WORK))["branches"]["b"]
    assert (record["status"], record["result"]) == ("succeeded", 40)


async def test_a_chain_around_a_chat_model_answers_a_prepared_prompt() -> None:
    chain = (
        ChatPromptTemplate.from_template("Judge {task} at {n}")
        | FakeListChatModel(responses=["it is fine"])
        | StrOutputParser()
    )

    def prompt(branch: Branch) -> dict[str, Any]:
        return {"task": branch.task, "n": branch.payload["n"]}

    record = (await run(Specialist("only", chain, prepare=prompt), work=WORK))["branches"]["b"]
    assert record["result"] == "it is fine"


async def test_a_chat_model_itself_answers_with_its_text() -> None:
    model = FakeListChatModel(responses=["hello"])
    only = Specialist("only", model, prepare=lambda branch: branch.task)
    record = (await run(only, work=WORK))["branches"]["b"]
    assert record["result"] == "hello"


async def test_an_agent_gets_the_task_as_a_message() -> None:
    model = FakeListChatModel(responses=["done"])

    async def agent(state: MessagesState) -> dict[str, Any]:
        return {"messages": [await model.ainvoke(state["messages"])]}

    builder = StateGraph(MessagesState)
    builder.add_node("agent", agent)
    builder.add_edge(START, "agent")
    builder.add_edge("agent", END)
    record = (await run(Specialist("only", builder.compile()), work=WORK))["branches"]["b"]
    assert record["result"] == {"messages": ["look", "done"]}


class Numbers(TypedDict):
    payload: dict[str, int]
    answer: int


async def test_a_compiled_graph_gets_the_branchs_fields() -> None:
    def double(state: Numbers) -> dict[str, int]:
        return {"answer": state["payload"]["n"] * 2}

    builder = StateGraph(Numbers)
    builder.add_node("double", double)
    builder.add_edge(START, "double")
    record = (await run(Specialist("only", builder.compile()), work=WORK))["branches"]["b"]
    assert record["result"]["answer"] == 40


async def test_a_prepare_that_fails_fails_the_branch_alone() -> None:
    def broken(branch: Branch) -> Any:
        raise KeyError("no such field")

    crew = [Specialist("only", FakeListChatModel(responses=["x"]), prepare=broken), Specialist("other", doubled)]
    result = await run(*crew, work=[*WORK, {"specialist": "other", "payload": {"n": 1}}])
    assert result["branches"]["b"]["error"]["type"] == "KeyError"
    assert result["branches"]["other"]["result"] == 2
