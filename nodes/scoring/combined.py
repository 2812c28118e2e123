"""Several scorers as one."""

from __future__ import annotations

import asyncio
import inspect
import math
from collections.abc import Awaitable, Mapping, Sequence
from operator import itemgetter
from typing import Any, Literal

from langgraph_quorum.nodes.scoring.quality import quality
from langgraph_quorum.nodes.scoring.scorer import Measure, Scorer, guarded, measure_of
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.branch import Branch
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.records import Quality

_MOST = 1e290
"""Of a weight: the sum of many is a number still."""


def combined(scorers: Mapping[Scorer, float]) -> Measure:
    """A scorer: the weighted mean of those that measured something; missing when none did.

    They run at the same time. Confidence, completeness and consistency are weighted means of those that measured that
    part. One that raises counts as missing, like one that had nothing to measure; the evidence names each.

    Args:
        scorers: Weights above 0 and up to 1e290, by scorer. They need not sum to 1.

    Raises:
        ConfigurationError: naming the scorer whose weight is wrong.
    """
    if not isinstance(scorers, Mapping) or not scorers:
        raise ConfigurationError("scorers", scorers, "give a dict of weights by scorer, at least one")
    parts: list[tuple[Measure, float]] = []
    for scorer, weight in scorers.items():
        if not callable(scorer):
            raise ConfigurationError("scorers", scorer, "give functions of the branch and its result")
        measure = measure_of(scorer)
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not 0 < weight <= _MOST:
            raise ConfigurationError(f"scorers[{measure.name}]", weight, "give a weight above 0, up to 1e290")
        parts.append((measure, float(weight)))
    names, weights = [measure.name for measure, _ in parts], [weight for _, weight in parts]
    calls = [guarded(measure) for measure, _ in parts]

    def of(specialist: Specialist | None, branch: Branch, result: Any) -> Quality | Awaitable[Quality]:
        given = [call(specialist, branch, result) for call in calls]
        there = [one for one in given if not inspect.isawaitable(one)]
        return _mean(names, weights, there) if len(there) == len(given) else _awaited(names, weights, given)

    return Measure("combined", of, "inline" if all(measure.runs == "inline" for measure, _ in parts) else "awaited")


async def _awaited(
    names: Sequence[str], weights: Sequence[float], given: Sequence[Quality | Awaitable[Quality]]
) -> Quality:
    waits = [asyncio.ensure_future(one) if inspect.isawaitable(one) else _there(one) for one in given]
    try:
        return _mean(names, weights, await asyncio.gather(*waits))
    finally:
        for one in waits:
            one.cancel()


def _there(found: Quality) -> asyncio.Future[Quality]:
    future: asyncio.Future[Quality] = asyncio.get_running_loop().create_future()
    future.set_result(found)
    return future


def _mean(names: Sequence[str], weights: Sequence[float], found: Sequence[Quality]) -> Quality:
    evidence = []
    for name, one in zip(names, found, strict=True):
        lines = one["evidence"] or ([] if one["score"] is not None else ["nothing to measure"])
        evidence += [f"{name}: {line}" for line in lines]

    def part(of: Literal["score", "confidence", "completeness", "consistency"]) -> float | None:
        known = [(weight, share) for weight, one in zip(weights, found, strict=True) if (share := one[of]) is not None]
        if not known:
            return None
        mean = math.fsum(weight * share for weight, share in known) / math.fsum(map(itemgetter(0), known))
        shares = [share for _, share in known]
        return min(max(shares), max(min(shares), mean))  # whatever rounding does

    return quality(
        part("score"),
        evidence,
        confidence=part("confidence"),
        completeness=part("completeness"),
        consistency=part("consistency"),
        cost=math.fsum(costs) if (costs := [one["cost"] for one in found if "cost" in one]) else None,
    )
