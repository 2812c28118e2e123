"""Numbers that JSON lacks, and costs that are none, are named, and lose nothing of what was finished."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

import pytest

from langgraph_quorum import Answer, Branch, Specialist
from tests.graphs.reading import SHORT, Readers, book, halves
from tests.graphs.running import run

pytestmark = pytest.mark.looptime

LOST = "NaN or infinite, which JSON lacks, so None is kept: "


def at_once(given: Any) -> Specialist:
    async def answer(branch: Branch) -> Any:
        return given

    return Specialist("s", answer)


def later(given: Any) -> Specialist:
    async def answer(branch: Branch) -> Any:
        await asyncio.sleep(1)
        return given

    return Specialist("s", answer)


def hedged(given: Any) -> Specialist:
    return Specialist("s", later(given).run, hedge_s=5)


@pytest.mark.parametrize("kind", [at_once, later, hedged])
@pytest.mark.parametrize(
    ("given", "kept", "places"),
    [
        ({"price": math.nan, "name": "pen"}, {"price": None, "name": "pen"}, "result.price"),
        ([1.5, {"far": -math.inf}], [1.5, {"far": None}], "result[1].far"),
        ([math.nan] * 5, [None] * 5, "result[0], result[1], result[2] and 2 more"),
    ],
)
async def test_a_result_with_numbers_that_json_lacks_is_kept_without_them_and_says_where(
    kind: Callable[[Any], Specialist], given: Any, kept: Any, places: str
) -> None:
    record = (await run(kind(given)))["branches"]["s"]
    assert (record["status"], record["result"], record["attempts"]) == ("succeeded", kept, 1)
    assert record["reason"] == LOST + places
    assert record["quality"]["evidence"][-1] == LOST + places


@pytest.mark.parametrize("kind", [at_once, later])
async def test_a_result_that_is_nothing_else_fails_its_branch_and_says_so(kind: Callable[[Any], Specialist]) -> None:
    record = (await run(kind(Answer(math.nan, cost=2))))["branches"]["s"]
    assert (record["status"], record["cost"]) == ("failed", 2)
    assert record["reason"].startswith("it returned NaN or an infinity, which JSON lacks: return a value")


async def test_what_pieces_were_joined_to_is_kept_likewise() -> None:
    reader = Readers().reads(split=halves, join=lambda parts: {"mean": math.nan, "parts": len(parts)})
    record = (await run(reader, work=[book("abcd")], sync=SHORT))["branches"]["book"]
    assert (record["result"], record["reason"]) == ({"mean": None, "parts": 2}, f"{LOST}result.mean")


@pytest.mark.parametrize("kind", [at_once, later])
@pytest.mark.parametrize("cost", [math.nan, math.inf, -5, "5", True])
async def test_a_cost_that_is_no_amount_counts_nothing_and_is_named(
    kind: Callable[[Any], Specialist], cost: Any
) -> None:
    record = (await run(kind(Answer({"price": 1}, cost=cost))))["branches"]["s"]
    assert (record["status"], record["result"], record["cost"]) == ("succeeded", {"price": 1}, None)
    assert record["reason"] == f"Answer.cost={cost!r} does not count: give an amount from 0"
