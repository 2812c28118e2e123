"""A model as judge: its marks are the score, and whatever it answers the result survives."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from langgraph_quorum import Branch, QuorumContext, Specialist, Tuning, build_workflow
from langgraph_quorum.nodes.scoring.judge import judge
from langgraph_quorum.nodes.scoring.usage import Price
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.records import Quality
from tests.chat_models import Scripted, Structured, calls, says

BRANCH = Branch("b", "Is the login safe?", {"page": "login"})
PRICE = Price(input=10.0, output=50.0)


def marks(**points: Any) -> dict[str, Any]:
    return {"marks": [{"criterion": name, "points": value, "why": "seen"} for name, value in points.items()]}


def in_json(**points: Any) -> str:
    return json.dumps(marks(**points))


async def judged(model: Any, rubric: Any = "It is true.", result: Any = "yes", **more: Any) -> Quality:
    found: Quality = await judge(model, rubric, **more)(BRANCH, result)
    return found


async def test_the_score_is_the_mean_of_the_points_for_each_criterion() -> None:
    model = Scripted(answers=[in_json(true=9, short=4)])
    quality = await judged(model, {"true": "It is true.", "short": "It is short."})
    assert quality["score"] == pytest.approx(0.65)  # (9 + 4) / 2 / 10
    assert quality["evidence"][:2] == ["true 9 of 10: seen", "short 4 of 10: seen"]


async def test_a_model_with_structured_output_is_asked_for_it() -> None:
    model = Structured(answers=[calls("Marks", marks(quality=7))])
    quality = await judged(model, price=PRICE)
    assert quality["score"] == 0.7
    # 100 tokens at 10 and 20 at 50 a million
    assert quality["evidence"][-1] == "1 call of the model, 100 tokens read, 20 written, cost 0.002"


async def test_langchains_own_fake_model_is_asked_for_json() -> None:
    model = GenericFakeChatModel(messages=iter([AIMessage(f"Here it is:\n```json\n{in_json(quality=10)}\n```")]))
    quality = await judged(model)
    assert quality["score"] == 1.0
    assert quality["evidence"][-1] == "1 call of the model, 1 without a count of tokens"


async def test_the_model_sees_task_payload_rubric_and_result() -> None:
    model = Scripted(answers=[in_json(quality=5)])
    await judged(model, "It names risks.", {"risks": ["none"]})
    told = "\n".join(str(message.content) for message in model.heard[0])
    for part in ("Is the login safe?", '"page": "login"', "It names risks.", '{"risks": ["none"]}'):
        assert part in told


async def test_of_a_long_result_the_model_sees_the_beginning_and_how_much_there_is() -> None:
    model = Scripted(answers=[in_json(quality=5)])
    await judged(model, result="x" * 1000, max_chars=100)
    told = str(model.heard[0][1].content)
    assert "1002 characters, of which you see 100" in told  # with its quotes
    assert "x" * 99 in told
    assert "x" * 100 not in told


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ("I like it", "it is not JSON"),
        ("", "it is empty"),
        ('{"marks": [', "it is not JSON"),
        (in_json(quality=11), "quality: give points from 0 to 10"),
        (in_json(quality=float("nan")), "quality: give points from 0 to 10"),
        (in_json(other=5), "give one mark for each of ['quality']"),
        (json.dumps({"marks": marks(quality=5)["marks"] * 2}), "give one mark for each of ['quality']"),
        (in_json(quality="good"), "marks.0.points: Input should be a valid number"),
        ("[1]", "the answer: Input should be a valid dictionary"),
        ("[" * 100_000, "it is not JSON"),
    ],
)
async def test_an_answer_that_cannot_be_used_is_asked_for_once_more_and_then_is_no_score(
    wrong: str, problem: str
) -> None:
    model = Scripted(answers=[wrong, wrong, in_json(quality=5)])
    quality = await judged(model)
    assert quality["score"] is None
    assert problem in quality["evidence"][0]
    assert quality["evidence"][1].startswith("2 calls of the model")
    assert len(model.heard) == 2
    assert problem in str(model.heard[1][-1].content)  # the model is told


async def test_the_second_answer_counts() -> None:
    model = Scripted(answers=[says("hm"), says(in_json(quality=8))])
    quality = await judged(model, price=PRICE)
    assert quality["score"] == 0.8
    assert quality["evidence"][-1] == "2 calls of the model, 200 tokens read, 40 written, cost 0.004"


async def test_a_model_that_refuses_structured_output_is_asked_for_json() -> None:
    model = Structured(answers=[ValueError("no tools here"), says(in_json(quality=6))])
    quality = await judged(model)
    assert quality["score"] == 0.6
    assert quality["evidence"][-1] == "2 calls of the model, 100 tokens read, 20 written, 1 without a count of tokens"


async def test_a_model_that_fails_twice_leaves_the_score_missing() -> None:
    quality = await judged(Scripted(answers=[ConnectionError("down"), ConnectionError("still down")]))
    assert quality["score"] is None
    assert quality["evidence"][0] == "the judge raised ConnectionError: still down"


@pytest.mark.looptime
async def test_a_judge_that_does_not_answer_is_not_waited_for() -> None:
    quality = await judged(Scripted(answers=[3600.0]), timeout_s=20.0)
    assert quality["score"] is None
    assert quality["evidence"][0] == "the judge did not answer within 20 s"
    assert asyncio.get_running_loop().time() == pytest.approx(20.0)


@pytest.mark.looptime
async def test_both_calls_together_have_the_time_of_one() -> None:
    model = Scripted(answers=[15.0, 15.0])  # "15.0" is no JSON with marks
    quality = await judged(model, timeout_s=20.0)
    assert quality["evidence"][0] == "the judge did not answer within 20 s"
    assert len(model.heard) == 2


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("model", "gpt"),
        ("rubric", ""),
        ("rubric", {}),
        ("rubric", {"true": ""}),
        ("price", 3),
        ("timeout_s", 0),
        ("timeout_s", float("inf")),
        ("max_chars", 0),
    ],
)
def test_a_wrong_argument_is_named_with_what_to_give_instead(field: str, given: Any) -> None:
    arguments = {"model": Scripted(answers=[]), "rubric": "true", field: given}
    with pytest.raises(ConfigurationError, match=f"^{field}=.*: give ") as caught:
        judge(**arguments)
    assert caught.value.field == field


@pytest.mark.parametrize("given", [-1.0, float("nan"), "cheap"])
def test_a_price_is_a_number_from_nothing(given: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^price\.input=.*: give the price"):
        Price(input=given, output=1.0)


async def test_a_workflow_scores_with_the_judge_and_outlives_its_failures() -> None:
    async def answer(branch: Branch) -> dict[str, Any]:
        return {"text": branch.branch_id}

    model = Scripted(answers=[in_json(quality=9), RuntimeError("broken"), RuntimeError("broken")])
    specialists = [Specialist("one", answer), Specialist("two", answer)]
    graph = build_workflow(specialists, mode="sequential", tuning=Tuning(scorer=judge(model, "true"))).compile()
    out = await graph.ainvoke({"task": "t"}, context=QuorumContext())
    scores = sorted((branch["quality"]["score"] or 0.0, branch["status"]) for branch in out["branches"].values())
    assert scores == [(0.0, "succeeded"), (0.9, "succeeded")]


async def test_the_judges_words_do_not_appear_in_the_stream_of_the_graph() -> None:
    class State(TypedDict):
        score: float

    async def score(state: State) -> State:
        found = await judged(Scripted(answers=[in_json(quality=9)]))
        return {"score": found["score"] or 0.0}

    graph = StateGraph(State).add_node("score", score).add_edge(START, "score").add_edge("score", END).compile()
    assert [event async for event in graph.astream({"score": 0.0}, stream_mode="messages")] == []
