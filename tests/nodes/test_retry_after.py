"""A service that says when to come back is not asked before."""

from __future__ import annotations

import urllib.error
from collections import Counter
from datetime import UTC, datetime
from email.message import Message

import httpx
import pytest

from langgraph_quorum.nodes.branching.failure import retry_after_s
from tests.graphs.running import Crew, run

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


class Odd:
    """Headers that cannot be read."""

    def items(self) -> list[int]:
        return [1, 2]


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
        ("9" * 400, 366 * 86400.0),  # a year at most: no moment lies farther away
        ("Fri, 31 Dec 9999 23:59:59 GMT", 366 * 86400.0),
    ],
)
def test_seconds_and_dates_are_understood(said: str, seconds: float | None) -> None:
    assert retry_after_s(overloaded({"Retry-After": said}), NOW) == seconds


def test_an_error_without_the_header_asks_for_nothing() -> None:
    assert retry_after_s(overloaded({}), NOW) is None
    assert retry_after_s(ValueError("no"), NOW) is None


def from_urllib(said: str) -> urllib.error.HTTPError:
    headers = Message()
    headers["Retry-After"] = said
    return urllib.error.HTTPError("http://x", 429, "busy", headers, None)


def test_the_headers_of_urllib_are_understood() -> None:
    assert retry_after_s(from_urllib("7"), NOW) == 7


def test_it_is_read_from_what_an_error_comes_from_and_of_a_group_the_longest() -> None:
    outer = RuntimeError("the model is busy")
    outer.__cause__ = overloaded({"retry-after": "9"})
    assert retry_after_s(outer, NOW) == 9
    assert retry_after_s(ExceptionGroup("all", [from_urllib("7"), outer, ValueError("no")]), NOW) == 9
    assert retry_after_s(ExceptionGroup("all", [ValueError("no")]), NOW) is None


@pytest.mark.parametrize("headers", [None, "Retry-After: 7", [("Retry-After", "7")], {7: 7}, Counter("ab"), Odd()])
def test_headers_of_another_shape_ask_for_nothing(headers: object) -> None:
    error = ValueError("no")
    error.headers = headers  # type: ignore[attr-defined]
    assert retry_after_s(error, NOW) is None


@pytest.mark.looptime
async def test_the_next_attempt_waits_as_long_as_the_service_asked() -> None:
    crew = Crew()
    busy = crew.fails("busy", overloaded({"retry-after": "60"}), times=1, attempts=2, backoff_s=0.1)
    result = await run(busy)
    record = result["branches"]["busy"]
    assert (record["status"], record["attempts"]) == ("succeeded", 2)
    assert record["seconds"] == pytest.approx(60)
