"""Synthesis: a model writes the answer and says what it rests on, or the results are weighed without it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import RunnableLambda

from langgraph_quorum import Branch, Made, Scored, Specialist, build_workflow, merge
from langgraph_quorum.nodes.merging.citations import read
from langgraph_quorum.nodes.merging.synthesis import Synthesis
from langgraph_quorum.nodes.scoring.usage import Price
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.merged import Merged
from tests.chat_models import Scripted, says

RESULTS = [
    Scored("speed", "s", {"finding": "one slow loop", "risk": 2}, quality=0.9, seconds=0.0),
    Scored("safety", "s", {"finding": "no secrets", "risk": 4}, quality=0.5, seconds=0.0),
]
WEIGHTS = {"speed": 0.6, "safety": 0.4}
GOOD = "One loop is slow [speed]. There are no secrets [safety]."
FELL_BACK = "no synthesis, 'weighted' took its place: "
IDS = {name: name for name in ("a", "b", "v1.2 final", "c, d")}


def merged(model: Any, **more: Any) -> Merged:
    return merge(RESULTS, Synthesis(model, **more))


def told(messages: list[BaseMessage]) -> str:
    return "\n".join(str(message.content) for message in messages)


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


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ("One loop is slow [speed]. It is broken.", '"It is broken." cites no branch'),
        ("One loop is slow [spede].", "[spede] is no branch"),
        ("One loop is slow [speed, other].", "[speed, other] is no branch"),
        ("# Findings\n\nOne loop is slow [speed].", '"# Findings" cites no branch'),
        ("one loop is slow [speed]. it is broken.", '"it is broken." cites no branch'),
        ("", "the answer holds no sentence"),
        ("[speed]", "the answer holds no sentence"),
    ],
)
def test_a_claim_without_a_source_is_refused_and_the_model_is_told(wrong: str, problem: str) -> None:
    model = Scripted(answers=[wrong, GOOD])
    found = merged(model)
    assert found["value"] == GOOD
    assert problem in str(model.heard[1][-1].content)
    assert found["metadata"]["usage"]["calls"] == 2


def test_an_answer_refused_twice_gives_way_to_weighted_and_says_why() -> None:
    model = Scripted(answers=["It is broken.", "It is.", GOOD])
    found, plain = merged(model), merge(RESULTS, "weighted")
    assert found["value"] == plain["value"]
    assert found["sources"] == plain["sources"]
    assert found["strategy"] == "synthesis"
    refused = 'the model\'s answer was refused twice: "It is." cites no branch'
    why = FELL_BACK + refused
    assert found["metadata"]["fallback"] == {"strategy": "synthesis", "why": why}
    assert found["review"] == [why, *plain["review"]]
    assert len(model.heard) == 2


def test_a_model_that_raises_gives_way_to_weighted() -> None:
    found = merged(Scripted(answers=[ConnectionError("no route")]))
    assert found["value"] == merge(RESULTS, "weighted")["value"]
    assert found["metadata"]["fallback"]["why"] == f"{FELL_BACK}the model raised ConnectionError: no route"


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


def test_a_model_that_hangs_is_not_waited_for() -> None:
    let_go = threading.Event()
    model: RunnableLambda[Any, str] = RunnableLambda(lambda _messages: str(let_go.wait(60)))
    found = merged(model, timeout_s=0.01)
    let_go.set()
    assert found["metadata"]["fallback"]["why"] == f"{FELL_BACK}the model did not answer within 0.01 s"


def test_langchains_own_fake_model_will_do() -> None:
    assert merged(GenericFakeChatModel(messages=iter([AIMessage(GOOD)])))["value"] == GOOD


def test_a_fake_model_that_has_nothing_more_to_say_is_one_that_failed() -> None:
    assert "fallback" in merged(GenericFakeChatModel(messages=iter([])))["metadata"]


async def made(model: Any, task: str = "", **more: Any) -> Made:
    return await Synthesis(model, **more).amake(RESULTS, WEIGHTS, task=task)


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


async def test_a_workflow_outlives_its_model() -> None:
    async def answer(branch: Branch) -> dict[str, Any]:
        return {"grade": 3, "confidence": 0.9}

    model = Scripted(answers=[TimeoutError("busy")])
    out = await build_workflow([Specialist("speed", answer)], merge=Synthesis(model)).compile().ainvoke({"task": "t"})
    assert out["result"] == {"confidence": 0.9, "grade": 3}
    assert [event for event in out["timeline"] if "the model raised TimeoutError: busy" in event["why"]]


@pytest.mark.looptime
async def test_both_calls_together_have_the_time_of_one() -> None:
    model = Scripted(answers=[15.0, 15.0])  # "15.0" cites nothing
    found = await made(model, timeout_s=20)
    assert found.metadata["fallback"]["why"] == f"{FELL_BACK}the model did not answer within 20 s"
    assert len(model.heard) == 2
    assert found.metadata["usage"]["calls"] == 2


@pytest.mark.looptime
async def test_who_stops_waiting_stops_the_model() -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(made(Scripted(answers=[3600.0])), 5)


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


def test_branches_whose_names_cannot_stand_in_brackets_are_shown_by_another() -> None:
    results = [Scored(name, "s", "x", quality=0.5) for name in ("page[0]", "page(0)", "two\nlines")]
    found = merge(results, Synthesis(Scripted(answers=["Fine [page(0)]. Good [page(0) #2]. So it is [two lines]."])))
    sources = [claim["sources"] for claim in found["metadata"]["claims"]]
    assert sources == [["page(0)"], ["page[0]"], ["two\nlines"]]


def test_an_answer_with_characters_that_cannot_be_stored_loses_them() -> None:
    assert merged(Scripted(answers=["One loop\0 is slow [speed]."]))["value"] == "One loop\ufffd is slow [speed]."


@pytest.mark.parametrize(
    ("text", "sources"),
    [
        ("One [a]. Two [b].", [["a"], ["b"]]),
        ("One. [a] Two. [b]", [["a"], ["b"]]),
        ("One.[a] Two.[b]", [["a"], ["b"]]),
        ("One [a]. [b] says two.", [["a"], ["b"]]),
        ("One [a][b] and two [a].", [["a", "b"]]),
        ("One [a, b]! Two? [b]", [["a", "b"], ["b"]]),
        ("- One [a]\n- Two [b]\n\n3. Three [a].", [["a"], ["b"], ["a"]]),
        ("It takes 3.5 s, e.g. Monday, by approx. Ten, No. 7 [a].", [["a"]]),
        ("Read [this](https://a.org/b.html) first [c, d].", [["c, d"]]),
        ("Of the last [v1.2 final]. And of [a; b].", [["v1.2 final"], ["a", "b"]]),
        ('He said "no." [a] Then "yes" [b].', [["a"], ["b"]]),
        ("\u4e00\u3002[a]\u4e8c\u3002[b]", [["a"], ["b"]]),
    ],
)
def test_sentences_and_their_markers_are_told_apart(text: str, sources: list[list[str]]) -> None:
    found = read(text, IDS)
    assert [claim["sources"] for claim in found.claims] == sources
    assert found.problems == []


@pytest.mark.parametrize(
    "text",
    ["One. Two [b].", "One [a]. Two.", "One [a]. [b] Two. Three.", "One.\n[a]", "- One\n- Two [a]", "x[0] is one [a]."],
)
def test_one_sentence_without_a_source_is_enough_to_refuse(text: str) -> None:
    assert len(read(text, IDS).problems) == 1


@given(st.lists(st.sampled_from([".", " ", "[a]", "[", "]", "[z]", "A", "b", "\n", "e.g.", "1. ", "\ue0000\ue001"])))
def test_whatever_a_model_writes_is_read(parts: list[str]) -> None:
    found = read("".join(parts), IDS)
    assert found.claims or found.problems
    assert found.problems or all(claim["sources"] for claim in found.claims)
    assert {source for claim in found.claims for source in claim["sources"]} <= {*IDS}


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
