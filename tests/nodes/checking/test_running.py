"""Checks are functions, sync or async; whatever they do, the run gets findings and never an exception."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from langgraph_quorum.nodes.checking.check import Check, Checked, finding
from langgraph_quorum.nodes.checking.running import findings_of
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.merged import CheckFinding
from tests.nodes.checking.shown import checked, merged_of

SHOWN = checked(merged_of("value"), queue=["b"])


async def findings(*given: Any) -> list[CheckFinding]:
    return await findings_of([one if isinstance(one, Check) else Check(one) for one in given], SHOWN)


async def test_a_sync_check_runs_off_the_event_loop() -> None:
    here = threading.get_ident()

    def where(shown: Checked) -> str | None:
        return "on the loop" if threading.get_ident() == here else None

    assert await findings(where) == []


@pytest.mark.parametrize("nowhere", [False, True])
async def test_so_does_one_that_takes_the_place_of_a_standard_check(nowhere: bool) -> None:
    here = threading.get_ident()

    def where(shown: Checked) -> str | None:
        return "on the loop" if threading.get_ident() == here else None

    if nowhere:
        where.__module__ = None  # type: ignore[assignment]  # as functions that are made of text have it
    assert await findings(Check(where, "coverage")) == []


async def test_a_sync_check_may_compute_its_findings_one_by_one() -> None:
    here = threading.get_ident()

    def lazily(shown: Checked) -> Iterator[str]:
        yield "computed " + ("on the loop" if threading.get_ident() == here else "in a thread")

    assert [one["message"] for one in await findings(lazily)] == ["computed in a thread"]


async def test_an_async_check_is_awaited_and_sees_what_was_merged() -> None:
    async def sees(shown: Checked) -> str:
        await asyncio.sleep(0)
        return f"it is {shown.value!r}"

    assert await findings(sees) == [finding("sees", "it is 'value'")]


async def test_findings_stand_in_the_order_of_the_checks_whichever_ends_first() -> None:
    async def slow(shown: Checked) -> str:
        await asyncio.sleep(0.01)
        return "slow"

    async def quick(shown: Checked) -> str:
        return "quick"

    def plain(shown: Checked) -> str:
        return "plain"

    assert [one["message"] for one in await findings(slow, plain, quick)] == ["slow", "plain", "quick"]


@pytest.mark.looptime
async def test_async_checks_run_side_by_side() -> None:
    async def first(shown: Checked) -> None:
        await asyncio.sleep(10)

    async def second(shown: Checked) -> None:
        await asyncio.sleep(10)

    began = asyncio.get_running_loop().time()
    assert await findings(first, second) == []
    assert asyncio.get_running_loop().time() - began == pytest.approx(10, abs=0.1)


@pytest.mark.parametrize("severity", ["info", "warning", "error", "critical"])
async def test_a_finding_has_the_severity_of_its_check_unless_it_names_one(severity: Any) -> None:
    def mixed(shown: Checked) -> list[Any]:
        return ["bare", {"message": "its own", "severity": "info", "branches": ["b"], "field": "a.b"}]

    assert await findings(Check(mixed, severity=severity)) == [
        finding("mixed", "bare", severity),
        finding("mixed", "its own", "info", ["b"], "a.b"),
    ]


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        (7, "an int, 7: give None"),
        ([7], "an int, 7: give None"),
        (True, "a bool, True: give None"),
        ({"branches": []}, "a dict, {'branches': []}: give None, a message"),
        ({"message": "x", "severity": "grave"}, "severity='grave': give one of info, warning"),
        ({"message": "x", "branches": "ab"}, "branches='ab': give a list of branch ids"),
        ({"message": "x", "branches": ["b", "zz"]}, "branches=['zz']: the run has none of this name"),
        ({"message": "x", "field": 3}, "field=3: give a dotted path"),
    ],
)
async def test_a_check_that_returns_anything_else_is_a_finding_with_its_name(returned: Any, told: str) -> None:
    def odd(shown: Checked) -> Any:
        return returned

    (found,) = await findings(odd)
    assert (found["check"], found["severity"]) == ("odd", "error")
    assert found["message"].startswith(f"check 'odd' returned {told}")


async def test_a_check_that_yields_asynchronously_or_returns_very_much_is_told_so_in_short() -> None:
    async def yields(shown: Checked) -> AsyncIterator[str]:
        yield "x"

    def much(shown: Checked) -> Any:
        return {"text": "x" * 100_000}

    yielding, large = await findings(yields, much)
    assert yielding["message"].startswith("check 'yields' returned an async_generator, <async_generator object")
    assert large["message"].startswith("check 'much' returned a dict, {'text': 'xxx")
    assert len(large["message"]) < 400


def _raising(error: BaseException, *, is_async: bool) -> Callable[[Checked], Any]:
    def check(shown: Checked) -> None:
        raise error

    async def acheck(shown: Checked) -> None:
        raise error

    return acheck if is_async else check


@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3)], ids=["an error", "an exit"])
async def test_a_check_that_raises_is_a_finding_and_the_others_are_heard(error: Any, is_async: bool) -> None:
    def fine(shown: Checked) -> str:
        return "heard"

    broken = Check(_raising(error, is_async=is_async), "broken", severity="critical")
    first, second = await findings(broken, fine)
    # never critical: a fault of the check is no fault of the result
    assert first == finding("broken", f"check 'broken' raised {type(error).__name__}: {error}")
    assert second["message"] == "heard"


async def test_a_check_that_cancels_itself_is_a_finding() -> None:
    (found,) = await findings(Check(_raising(asyncio.CancelledError(), is_async=True), "quits"))
    assert found["message"].startswith("check 'quits' raised CancelledError")


async def test_a_run_that_is_cancelled_is_not_held_by_its_checks() -> None:
    async def endless(shown: Checked) -> None:
        await asyncio.Event().wait()

    task = asyncio.create_task(findings(endless))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.looptime
async def test_a_check_that_takes_too_long_is_given_up() -> None:
    async def endless(shown: Checked) -> None:
        await asyncio.Event().wait()

    (found,) = await findings(Check(endless, timeout_s=5))
    assert found == finding("endless", "check 'endless' was given up after 5 s: make it faster or raise timeout_s")


async def _async(shown: Checked) -> None:
    pass


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"run": "text"}, "Check.run='text': give a function"),
        ({"run": dict}, "Check.run=<class 'dict'>: give a function"),
        ({"name": 3}, "Check.name=3: give a string"),
        ({"severity": "grave"}, "severity='grave': give one of info, warning, error, critical"),
        ({"timeout_s": 0}, "timeout_s=0: give seconds above 0"),
        ({"timeout_s": float("nan")}, "timeout_s=nan: give seconds above 0"),
        ({"run": _async, "of_value": True}, "of_value=True: give a sync function"),
    ],
)
def test_a_check_that_is_none_is_refused_when_it_is_made(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Check(**{"run": lambda shown: None, **given})
    assert told in str(refused.value)
