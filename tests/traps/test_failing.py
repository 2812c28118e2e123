"""Branches that raise: their siblings, their handlers, their retries."""

from __future__ import annotations

import asyncio
import socket
import urllib.error
from typing import Any

import httpx
import pytest
from langchain.agents.structured_output import StructuredOutputValidationError
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, RetryPolicy

from langgraph_quorum.state.policies import RecoveryPolicy
from tests.graphs.running import Crew, run, statuses, thread
from tests.traps.plain import Named, fan_out

pytestmark = pytest.mark.looptime

REQUEST = httpx.Request("GET", "http://model")


class OwnError(Exception):
    """One that no rule knows."""


class StatusError(Exception):
    """One that carries the status it stands for."""

    def __init__(self, status_code: int) -> None:
        self.status_code = status_code
        super().__init__(f"{status_code}")


def answered(status: int) -> httpx.HTTPStatusError:
    return httpx.HTTPStatusError(f"{status}", request=REQUEST, response=httpx.Response(status, request=REQUEST))


class ClosedError(ConnectionError):
    """As clients of WebSockets have it: its code is none of HTTP's."""

    code = 1006


def because(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


class Workers:
    """Workers of plain LangGraph: `bad` raises at 1 s, the others need 3 s."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.cancelled: list[str] = []

    async def __call__(self, state: Named) -> dict[str, Any]:
        self.started.append(state["name"])
        try:
            await asyncio.sleep(1 if state["name"] == "bad" else 3)
        except asyncio.CancelledError:
            self.cancelled.append(state["name"])
            raise
        if state["name"] == "bad":
            raise ValueError("bad input")
        return {"done": [state["name"]]}


async def fails(state: Named) -> dict[str, Any]:
    raise ValueError(state["name"])


async def handles(state: Any) -> dict[str, Any]:
    return {"done": ["handled"]}


async def handles_and_joins(state: Any) -> Command[str]:
    return Command(update={"done": ["handled"]}, goto="join")


async def test_plain_a_branch_that_raises_cancels_its_siblings_and_the_run() -> None:
    workers = Workers()
    graph = fan_out(workers, ["a", "bad", "b"]).compile(checkpointer=InMemorySaver())
    with pytest.raises(ValueError, match="bad input"):
        await graph.ainvoke({}, thread())
    assert workers.cancelled == ["a", "b"]
    with pytest.raises(ValueError, match="bad input"):
        await graph.ainvoke(None, thread())
    assert workers.started == ["a", "bad", "b"] * 2  # nothing of the siblings' work was kept


async def test_ours_a_branch_that_raises_is_a_record_and_its_siblings_finish() -> None:
    crew = Crew()
    result = await run(crew.sleeps("a", 3), crew.fails("bad", ValueError("bad input")), crew.sleeps("b", 3))
    assert statuses(result) == {"a": "succeeded", "b": "succeeded", "bad": "failed"}
    assert result["branches"]["bad"]["error"] == {"type": "ValueError", "message": "bad input", "transient": False}
    assert (result["status"], result["failed"]) == ("partial", ["bad"])  # 2 of 3 are below the threshold of 100 %


async def test_plain_when_every_branch_is_handled_the_join_never_runs() -> None:
    result = await fan_out(fails, "ab", error_handler=handles).compile().ainvoke({})
    assert result == {"done": ["handled", "handled"]}  # no "joined"


async def test_plain_one_branch_that_is_not_handled_is_enough_for_the_join() -> None:
    result = await fan_out(Workers(), ["a", "bad"], error_handler=handles).compile().ainvoke({})
    assert result == {"done": ["a", "handled"], "joined": True}


async def test_plain_a_handler_that_goes_to_the_join_itself_reaches_it() -> None:
    result = await fan_out(fails, "ab", error_handler=handles_and_joins).compile().ainvoke({})
    assert result == {"done": ["handled", "handled"], "joined": True}


async def test_ours_a_run_in_which_every_branch_fails_comes_to_its_end_and_says_why() -> None:
    crew = Crew()
    result = await run(crew.fails("a", ValueError("no")), crew.fails("b", ValueError("no")))
    assert (result["status"], result["verdict"]) == ("failed", "critical_failure")
    assert [decision["reason"] for decision in result["sync"]] == ["all_failed"]
    assert "0 of 2 branches succeeded" in result["error"]["message"]


@pytest.mark.parametrize(
    ("error", "plain", "ours"),
    [
        (ValueError("x"), 1, 1),
        (TypeError("x"), 1, 1),
        (RuntimeError("x"), 1, 1),
        (OSError("x"), 1, 1),
        (TimeoutError("x"), 1, 2),  # an OSError, so plain LangGraph does not try it again
        (ConnectionError("x"), 2, 2),  # an OSError too, but one that it lists
        (httpx.ReadTimeout("x"), 2, 2),
        (answered(503), 2, 2),
        (answered(529), 2, 2),
        (answered(501), 2, 1),
        (answered(408), 1, 2),
        (answered(429), 1, 2),
        (answered(400), 1, 1),
        (StatusError(400), 2, 1),  # as the clients of model providers have them
        (StatusError(503), 2, 2),
        (OutputParserException("x"), 1, 2),
        (socket.gaierror(socket.EAI_AGAIN, "x"), 1, 2),
        (urllib.error.URLError(ConnectionRefusedError("x")), 1, 2),
        (ClosedError("x"), 2, 2),
        (ExceptionGroup("x", [ConnectionError("x")]), 2, 2),
        (ExceptionGroup("x", [ConnectionError("x"), ValueError("x")]), 2, 1),
        (because(RuntimeError("x"), httpx.ConnectError("x")), 1, 2),
        (StructuredOutputValidationError("x", ValueError("x"), AIMessage("")), 2, 2),
        (OwnError("x"), 2, 1),  # what no rule knows: plain LangGraph tries it again, we do not
    ],
    ids=lambda value: f"{value!r}" if isinstance(value, Exception) else str(value),
)
async def test_which_errors_are_tried_again_by_default(error: Exception, plain: int, ours: int) -> None:
    calls = 0

    async def worker(state: Named) -> dict[str, Any]:
        nonlocal calls
        calls += 1
        raise error

    with pytest.raises(type(error)):
        await fan_out(worker, "a", retry_policy=RetryPolicy(max_attempts=2)).compile().ainvoke({})
    assert calls == plain

    crew = Crew()
    once_around = RecoveryPolicy(rounds=0)
    result = await run(crew.fails("a", error, attempts=2), recovery=once_around)
    assert crew.calls["a"] == ours
    assert result["branches"]["a"]["error"]["transient"] is (ours == 2)


async def test_both_take_a_rule_of_the_users_own() -> None:
    crew, times = Crew(), 0

    async def worker(state: Named) -> dict[str, Any]:
        nonlocal times
        times += 1
        if times == 1:
            raise ValueError("once")
        return {"done": [state["name"]]}

    policy = RetryPolicy(max_attempts=2, retry_on=ValueError)
    assert (await fan_out(worker, "a", retry_policy=policy).compile().ainvoke({}))["done"] == ["a"]
    shaky = crew.fails("a", ValueError("once"), times=1, retry_on=lambda error: isinstance(error, ValueError))
    assert statuses(await run(shaky)) == {"a": "succeeded"}


async def test_plain_the_jitter_is_of_up_to_a_second_however_short_the_interval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: high)
    monkeypatch.setattr("random.random", lambda: 1.0)
    loop = asyncio.get_running_loop()

    async def worker(state: Named) -> dict[str, Any]:
        raise ConnectionError("down")

    graph = fan_out(worker, "a", retry_policy=RetryPolicy(max_attempts=2, initial_interval=0.25)).compile()
    began = loop.time()
    with pytest.raises(ConnectionError):
        await graph.ainvoke({})
    assert loop.time() - began == pytest.approx(1.25, abs=0.01)


@pytest.mark.parametrize(("jitter", "seconds"), [(0.0, 0.25), (0.5, 0.375), (1.0, 0.5)])
async def test_ours_the_jitter_is_of_as_much_again_at_most(
    jitter: float, seconds: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda low, high: low + jitter * (high - low))
    monkeypatch.setattr("random.random", lambda: jitter)
    result = await run(Crew().fails("a", ConnectionError("down"), times=1, attempts=2, backoff_s=0.25))
    assert result["branches"]["a"]["seconds"] == pytest.approx(seconds, abs=0.01)
