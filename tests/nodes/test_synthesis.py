"""Synthesis: a model is shown the results and the task, and writes the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from langgraph_quorum import Branch, Scored, Specialist, build_workflow, merge
from langgraph_quorum.nodes.merging.synthesis import Synthesis
from langgraph_quorum.nodes.scoring.usage import Price
from langgraph_quorum.state.errors import ConfigurationError
from tests.chat_models import Scripted, says
from tests.nodes.synthesized import GOOD, RESULTS, WEIGHTS, made, merged, told


def test_the_answer_is_the_value_and_each_sentence_names_its_branches() -> None:
    found = merged(Scripted(answers=[GOOD]))
    assert (found["strategy"], found["value"]) == ("synthesis", GOOD)
    assert found["metadata"]["claims"] == [
        {"text": "One loop is slow.", "sources": ["speed"]},
        {"text": "There are no secrets.", "sources": ["safety"]},
    ]
    assert found["sources"] == ["safety", "speed"]
    assert found["support"] == {"": 1.0}
    assert (found["discarded"], found["review"]) == ([], [])


def test_a_branch_that_is_not_cited_is_discarded_and_does_not_support_the_answer() -> None:
    found = merged(Scripted(answers=["One loop is slow [speed]."]))
    assert found["sources"] == ["speed"]
    assert found["discarded"] == [{"branch_id": "safety", "field": "", "why": "the answer does not cite it"}]
    weights = {row["branch_id"]: row["weight"] for row in found["attribution"]}
    assert found["support"] == {"": weights["speed"]}


def test_the_model_is_shown_every_result_heaviest_first_with_its_weight() -> None:
    model = Scripted(answers=[GOOD])
    merge(RESULTS[::-1], Synthesis(model, instructions="In one paragraph."))
    lines = str(model.heard[0][1].content).splitlines()[1:]
    # raw weights 0.7 * 0.9 + 0.3 = 0.93 and 0.7 * 0.5 + 0.3 = 0.65
    assert [json.loads(line) for line in lines] == [
        {"branch": "speed", "weight": 0.589, "result": RESULTS[0].value},
        {"branch": "safety", "weight": 0.411, "result": RESULTS[1].value},
    ]
    assert "In one paragraph." in str(model.heard[0][0].content)


@given(st.randoms())
def test_the_order_of_results_does_not_matter(random: Random) -> None:
    results = [Scored(name, "s", name, quality=0.5) for name in "abcd"]
    model, shuffled = Scripted(answers=["It is so [a]."]), Scripted(answers=["It is so [a]."])
    one = merge(results, Synthesis(model))
    other = merge(random.sample(results, 4), Synthesis(shuffled))
    assert (one, told(model.heard[0])) == (other, told(shuffled.heard[0]))


def test_nothing_and_one_result_behave() -> None:
    assert merge([], Synthesis(Scripted(answers=[])))["status"] == "no data"
    one = merge(RESULTS[:1], Synthesis(Scripted(answers=["One loop is slow [speed]."])))
    assert (one["sources"], one["support"]) == (["speed"], {"": 1.0})


def test_tokens_of_all_calls_are_counted_and_priced() -> None:
    price = Price(input=10.0, output=50.0)
    found = merged(Scripted(answers=[says("No source."), says(GOOD)]), price=price)
    # 2 * (100 * 10 + 20 * 50) / 1 000 000
    usage = {"calls": 2, "silent": 0, "input_tokens": 200, "output_tokens": 40, "cost": 0.004}
    assert found["metadata"]["usage"] == usage
    assert merged(Scripted(answers=[says(GOOD)]))["metadata"]["usage"]["cost"] is None
    assert merged(Scripted(answers=[GOOD]), price=price)["metadata"]["usage"]["cost"] is None  # it told no tokens
    failed = merged(Scripted(answers=[says("No source."), OSError()]), price=price)
    assert failed["metadata"]["usage"]["cost"] == 0.002  # of the call that told


def test_langchains_own_fake_model_will_do() -> None:
    assert merged(GenericFakeChatModel(messages=iter([AIMessage(GOOD)])))["value"] == GOOD


async def test_awaited_it_makes_the_same() -> None:
    for answers in ([GOOD], ["No.", GOOD], ["No.", "No."], [OSError("x")]):
        assert await made(Scripted(answers=answers)) == Synthesis(Scripted(answers=answers))(RESULTS, WEIGHTS)


async def test_the_model_is_told_the_task() -> None:
    model = Scripted(answers=[GOOD])
    await made(model, task="Review the login page")
    assert "Review the login page" in told(model.heard[0])


async def test_a_workflow_merges_with_it_and_tells_the_model_its_task() -> None:
    async def answer(branch: Branch) -> dict[str, Any]:
        return {"text": branch.branch_id, "confidence": 0.9}

    specialists = [Specialist("speed", answer), Specialist("safety", answer)]
    model = Scripted(answers=[GOOD])
    out = await build_workflow(specialists, merge=Synthesis(model)).compile().ainvoke({"task": "Review the page"})
    assert (out["status"], out["result"]) == ("approved", GOOD)
    assert "Review the page" in told(model.heard[0])


def test_what_there_is_no_room_for_is_discarded_and_what_is_too_long_is_cut() -> None:
    results = [Scored(name, "s", name * 800, quality=quality) for name, quality in (("a", 0.9), ("b", 0.8), ("c", 0.7))]
    model = Scripted(answers=["It is so [a]."])
    found = merge(results, Synthesis(model, max_chars=1200))
    shown = str(model.heard[0][1].content)
    # 1200 characters give each of the three the least of 500: two fit, each cut
    assert ("a" * 499 in shown, "a" * 500 in shown, "ccc" in shown) == (True, False, False)
    assert found["metadata"]["shortened"] == ["a", "b"]
    assert found["discarded"] == [
        {"branch_id": "b", "field": "", "why": "the answer does not cite it"},
        {"branch_id": "c", "field": "", "why": "there was no room to show it to the model"},
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", "gpt"),
        ("instructions", None),
        ("price", 3),
        ("timeout_s", 0),
        ("timeout_s", float("inf")),
        ("max_chars", 0),
        ("max_chars", 1.5),
    ],
)
def test_a_wrong_setting_is_named_with_what_to_give_instead(field: str, value: Any) -> None:
    settings: Mapping[str, Any] = {"model": Scripted(answers=[]), field: value}
    with pytest.raises(ConfigurationError, match=": give ") as caught:
        Synthesis(**settings)
    assert caught.value.field == field
