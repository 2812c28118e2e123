"""A model that raises, hangs or is refused twice: the results are weighed without it, and it is said why."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.runnables import RunnableLambda

from langgraph_quorum import Branch, Specialist, build_workflow, merge
from langgraph_quorum.nodes.merging.synthesis import Synthesis
from tests.chat_models import Scripted
from tests.nodes.synthesized import GOOD, RESULTS, made, merged

FELL_BACK = "no synthesis, 'weighted' took its place: "


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


def test_a_model_that_hangs_is_not_waited_for() -> None:
    let_go = threading.Event()
    model: RunnableLambda[Any, str] = RunnableLambda(lambda _messages: str(let_go.wait(60)))
    found = merged(model, timeout_s=0.01)
    let_go.set()
    assert found["metadata"]["fallback"]["why"] == f"{FELL_BACK}the model did not answer within 0.01 s"


def test_a_fake_model_that_has_nothing_more_to_say_is_one_that_failed() -> None:
    assert "fallback" in merged(GenericFakeChatModel(messages=iter([])))["metadata"]


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
