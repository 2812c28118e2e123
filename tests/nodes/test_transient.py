"""Which errors may pass: by type, status code and cause; a model's misshapen answer by where it was raised."""

from __future__ import annotations

import errno
import http.client
import socket
import sys
import urllib.error
from collections.abc import Iterator
from email.message import Message
from types import ModuleType
from typing import Any

import httpx
import pytest
import urllib3.exceptions
import websockets.exceptions
from langchain.agents.structured_output import MultipleStructuredOutputsError, StructuredOutputValidationError
from langchain_core.exceptions import ModelRateLimitError, OutputParserException
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.output_parsers.openai_tools import PydanticToolsParser
from langchain_core.runnables import Runnable, RunnableLambda
from pydantic import BaseModel, ValidationError

from langgraph_quorum import Branch, Specialist
from langgraph_quorum.nodes.branching.failure import is_transient
from langgraph_quorum.state.errors import QuorumError
from tests.graphs.running import run

REFUSED = ConnectionRefusedError("no")


class Grade(BaseModel):
    points: int


class ClosedError(ConnectionError):
    """As clients of WebSockets have it: its code is none of HTTP's."""

    code = 1006


class StillbornError(TimeoutError):
    """No status had come."""

    status = 0


class OddError(Exception):
    """One that no rule knows, with a code that is none of HTTP's."""

    code = 7


class StatusError(Exception):
    """One that carries the status it stands for."""

    def __init__(self, status_code: int) -> None:
        self.status_code = status_code
        super().__init__(f"{status_code}")


class OwnError(QuorumError):
    """One of this package's."""


def because(error: Exception, cause: BaseException | None) -> Exception:
    error.__cause__ = cause
    return error


def endless() -> Exception:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    return first


def invalid() -> ValidationError:
    try:
        Grade.model_validate({"points": "many"})
    except ValidationError as error:
        return error
    raise AssertionError


def from_urllib(status: int) -> urllib.error.HTTPError:
    return urllib.error.HTTPError("http://x", status, "no", Message(), None)


@pytest.mark.parametrize(
    "error",
    [
        ClosedError(),
        StillbornError(),
        socket.gaierror(socket.EAI_AGAIN, "who?"),
        OSError(errno.ENETUNREACH, "no way"),
        http.client.IncompleteRead(b"ha"),
        urllib.error.URLError(REFUSED),
        from_urllib(503),
        urllib3.exceptions.ReadTimeoutError(urllib3.HTTPConnectionPool("x"), "/", "late"),
        urllib3.exceptions.MaxRetryError(urllib3.HTTPConnectionPool("x"), "/", urllib3.exceptions.ProtocolError("cut")),
        websockets.exceptions.ConnectionClosedError(None, None),
        ExceptionGroup("all", [REFUSED, StatusError(503)]),
        ExceptionGroup("nested", [ExceptionGroup("inner", [REFUSED])]),
        because(RuntimeError("the model is away"), httpx.ConnectError("no route")),
        because(OddError("x"), because(RuntimeError("y"), StatusError(429))),
        ModelRateLimitError("busy"),
        OutputParserException("no JSON"),
        StructuredOutputValidationError("Grade", ValueError("points"), AIMessage("")),
        MultipleStructuredOutputsError(["a", "b"], AIMessage("")),
    ],
    ids=repr,
)
def test_what_may_pass(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        because(OwnError("x"), REFUSED),  # this package's own are first of all
        because(RuntimeError("x"), OwnError("y")),
        because(StatusError(400), REFUSED),  # what says something itself is believed before its cause
        because(RuntimeError("x"), SystemExit(503)),
        ExceptionGroup("one of them stays", [REFUSED, ValueError("x")]),
        urllib.error.URLError(ValueError("no certificate")),
        urllib.error.URLError("connection refused"),  # never by its text
        from_urllib(404),
        OSError(errno.ENOENT, "no such file"),
        OddError("x"),
        endless(),
        invalid(),
    ],
    ids=repr,
)
def test_what_stays(error: Exception) -> None:
    assert not is_transient(error)


@pytest.mark.parametrize("library", ["openai", "anthropic", "groq"])
def test_a_client_whose_library_is_not_installed_here_is_known_by_name(
    library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = type("APIConnectionError", (Exception,), {})
    late = type("APITimeoutError", (base,), {})
    assert not is_transient(late())
    module = ModuleType(library)
    module.__dict__["APIConnectionError"] = base
    monkeypatch.setitem(sys.modules, library, module)
    assert is_transient(base())
    assert is_transient(late())


def answers() -> Iterator[AIMessage]:
    for points in ("many", 3):
        yield AIMessage("", tool_calls=[{"name": "Grade", "args": {"points": points}, "id": "1"}])


def structured() -> Runnable[Any, Any]:
    """As `with_structured_output` makes it: the first answer does not fit."""
    return GenericFakeChatModel(messages=answers()) | PydanticToolsParser(tools=[Grade], first_tool_only=True)


async def record_of(specialist: Any, **settings: Any) -> dict[str, Any]:
    record: dict[str, Any] = (await run(Specialist("m", specialist, **settings)))["branches"]["m"]
    return record


@pytest.mark.looptime
async def test_a_chain_whose_model_answered_in_the_wrong_shape_is_asked_again() -> None:
    record = await record_of(structured(), prepare=lambda branch: branch.task)
    assert (record["status"], record["attempts"], record["result"]) == ("succeeded", 2, {"points": 3})


@pytest.mark.looptime
async def test_a_runnable_may_check_the_answer_by_itself() -> None:
    chain = GenericFakeChatModel(messages=answers()) | RunnableLambda(
        lambda message: Grade.model_validate(message.tool_calls[0]["args"])
    )
    assert (await record_of(chain, prepare=lambda branch: branch.task))["attempts"] == 2


@pytest.mark.looptime
async def test_so_is_a_function_that_calls_such_a_chain() -> None:
    chain = structured()

    async def grades(branch: Branch) -> Any:
        return await chain.ainvoke(branch.task)

    record = await record_of(grades)
    assert (record["status"], record["attempts"]) == ("succeeded", 2)


@pytest.mark.looptime
async def test_a_function_whose_own_code_does_not_validate_is_not_asked_again() -> None:
    async def grades(branch: Branch) -> Any:
        return Grade.model_validate({"points": "many"})

    record = await record_of(grades)
    assert (record["status"], record["attempts"], record["error"]["transient"]) == ("failed", 1, False)
    assert (await record_of(grades, retry_on=ValidationError))["attempts"] == 3


@pytest.mark.looptime
async def test_what_the_user_says_goes_before_where_it_was_raised() -> None:
    record = await record_of(structured(), prepare=lambda branch: branch.task, retry_on=ConnectionError)
    assert (record["status"], record["attempts"], record["error"]["type"]) == ("failed", 1, "ValidationError")
