"""A service that says when to come back is not asked before."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from langchain_core.exceptions import OutputParserException

from langgraph_quorum.nodes.branching.failure import is_transient, retry_after_s
from tests.graphs.running import Crew, run

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


def overloaded(headers: dict[str, str]) -> httpx.HTTPStatusError:
    request = httpx.Request("GET", "http://127.0.0.1/")
    return httpx.HTTPStatusError("busy", request=request, response=httpx.Response(429, headers=headers))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),  # gone by
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_seconds_and_dates_are_understood(said: str, seconds: float | None) -> None:
    assert retry_after_s(overloaded({"Retry-After": said}), NOW) == seconds


def test_an_error_without_the_header_asks_for_nothing() -> None:
    assert retry_after_s(overloaded({}), NOW) is None
    assert retry_after_s(ValueError("no"), NOW) is None


@pytest.mark.looptime
async def test_the_next_attempt_waits_as_long_as_the_service_asked() -> None:
    crew = Crew()
    busy = crew.fails("busy", overloaded({"retry-after": "60"}), times=1, attempts=2, backoff_s=0.1)
    result = await run(busy)
    record = result["branches"]["busy"]
    assert (record["status"], record["attempts"]) == ("succeeded", 2)
    assert record["seconds"] == pytest.approx(60)


def test_a_misshapen_answer_of_a_model_is_worth_another_try() -> None:
    assert is_transient(OutputParserException("not JSON"))
    assert not is_transient(ValueError("not JSON"))
