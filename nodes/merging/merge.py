"""Merging results: weights, value, interval and all that explains them."""

from __future__ import annotations

import asyncio
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from statistics import fmean, median

from langgraph_quorum.nodes.branching.threads import in_thread
from langgraph_quorum.nodes.merging.given import missing, taken, weighing
from langgraph_quorum.nodes.merging.interval import METHOD, IntervalName, check_interval, interval_by
from langgraph_quorum.nodes.merging.limit import awaited
from langgraph_quorum.nodes.merging.made import Made, Plain, Strategy
from langgraph_quorum.nodes.merging.making import kept, make, weights_of
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import StrategyName, strategy_named
from langgraph_quorum.nodes.merging.weight import attributions, reweighed
from langgraph_quorum.nodes.merging.whole import MERGED_BY
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.merged import Attribution, Merged
from langgraph_quorum.state.policies import WeightPolicy


def merge(
    results: Sequence[Scored],
    strategy: StrategyName | Strategy = "weighted",
    policy: WeightPolicy | None = None,
    failed: Sequence[str] = (),
    interval: IntervalName | None = None,
) -> Merged:
    """Make one result of many. Nothing but the set of results matters: neither their order, nor one given twice.

    Merging twice changes nothing: `merge([as_result(merged)], strategy, policy)` has the value, the quality and the
    strategy of `merged`.

    Args:
        results: The successes.
        strategy: Its name; or one with options, such as `Consensus(method="majority")`; or a function of the results,
            heaviest first, and their weights, which returns the merged value, or `Made` with more.
        policy: How results are weighed; the default is 0.7 quality and 0.3 speed.
        failed: Branches that gave no result.
        interval: How the quality's interval is made, `student_t` or `bootstrap`; when left out as the strategy says,
            else by `student_t`.

    Returns:
        The merged result; for no results the status "no data" with quality 0.

    Raises:
        ConfigurationError: for an unknown strategy or interval, and for results that are not as `Scored` says: naming
            the place, such as `results[2].quality` or `results[0].value.price`. A branch has one result, and none when
            it is among the failed.
        ResultError: when a user's strategy returns something that cannot be kept as JSON, NaN, or a `Made` with a field
            that is not as `Made` says.
        StrategyTimeoutError: when a user's strategy has not ended within its `limit_s`, 300 seconds when it has none.
        MissingExtraError: for a strategy that needs an extra.
    """
    merging = _Merging(results, strategy, policy, failed, interval)
    return merging.finished(merging.made())


async def amerge(
    results: Sequence[Scored],
    strategy: str | Strategy = "weighted",
    policy: WeightPolicy | None = None,
    failed: Sequence[str] = (),
    interval: IntervalName | None = None,
    *,
    task: str = "",
) -> Merged:
    """The same without blocking the event loop.

    A strategy with an async method `amake(results, weights, *, task)` is awaited; any other runs in a thread. A call
    that is cancelled leaves that thread to itself.

    Args:
        results: The successes.
        strategy: As `merge` takes it.
        policy: How results are weighed.
        failed: Branches that gave no result.
        interval: How the quality's interval is made.
        task: What was asked, in words, for strategies that want to know.

    Raises:
        QuorumError: what `merge` raises.
    """
    return await amerge_gathered(lambda: (results, failed), strategy, policy, interval, task=task)


async def amerge_gathered(
    gather: Callable[[], tuple[Sequence[Scored], Sequence[str]]],
    strategy: str | Strategy = "weighted",
    policy: WeightPolicy | None = None,
    interval: IntervalName | None = None,
    *,
    task: str = "",
) -> Merged:
    """The same of results that are yet to be gathered, in the thread that merges them: each way into one takes time.

    Args:
        gather: Gives the successes, and the branches without a result.
        strategy: As `merge` takes it.
        policy: How results are weighed.
        interval: How the quality's interval is made.
        task: What was asked, in words.

    Raises:
        QuorumError: what `merge` raises.
    """

    def begun() -> tuple[_Merging, Merged | None]:
        results, failed = gather()
        merging = _Merging(results, strategy, policy, failed, interval)
        return merging, None if merging.is_awaited else merging.finished(merging.made())

    merging, merged = await in_thread(begun, name="merge")
    if merged is not None:
        return merged
    answer = await awaited(merging.strategy, merging.results, merging.weights, task)
    return await asyncio.to_thread(lambda: merging.finished(kept(answer, merging.weights)))


class _Merging:
    """One merge: results weighed, and what a strategy makes of them put with all that explains it."""

    def __init__(
        self,
        results: Sequence[Scored],
        strategy: str | Strategy,
        policy: WeightPolicy | None,
        failed: Sequence[str],
        interval: IntervalName | None,
    ) -> None:
        weighed_by = weighing(policy)
        self.name, self.strategy = strategy_named(strategy)
        under = getattr(self.strategy, "under", None)
        self.strategy = self.strategy if under is None else under(weighed_by)
        self._interval = check_interval(interval or getattr(self.strategy, "interval", "student_t"))
        by_id = taken(results)
        self._failed = missing(failed, by_id)
        self._rows = attributions(list(by_id.values()), weighed_by)
        self.weights = {row["branch_id"]: row["weight"] for row in self._rows}
        self.results = [by_id[branch_id] for branch_id in self.weights]

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing to make: no result, or one that the same strategy has merged before."""
        return not self.results or (len(self.results) == 1 and self.results[0].type == MERGED_BY + self.name)

    @property
    def is_awaited(self) -> bool:
        """Whether the strategy has a way of its own that blocks nobody."""
        return not self.is_settled and hasattr(self.strategy, "amake")

    def made(self) -> Made:
        """What the strategy makes."""
        if self.is_settled:
            return Plain(self.results[0].value if self.results else None)
        return make(self.strategy, self.results, self.weights)

    def finished(self, made: Made) -> Merged:
        """With all that explains it."""
        if not self.results:
            return nothing_merged(self.name, self._failed)
        rows = self._rows
        if made.weights is not None:
            rows = reweighed(rows, weights_of(made, self.weights))
        quality, interval, how = _quality(rows, self._interval)
        success_rate = len(rows) / (len(rows) + len(self._failed))
        return Merged(
            status="merged",
            strategy=self.name,
            value=made.value,
            quality=quality,
            confidence_interval=interval,
            interval_method=how,
            attribution=rows,
            sources_count=len(rows),
            metadata=made.metadata,
            success_rate=success_rate,
            quality_distribution=_distribution([row["quality"] for row in rows]),
            integration_confidence=quality * success_rate,
            partial=bool(self._failed),
            failed=self._failed,
            support=made.support,
            dissent=made.dissent,
            discarded=made.discarded,
            sources=sorted(self.weights) if made.sources is None else made.sources,
            review=made.review,
        )


def as_result(merged: Merged, branch_id: str = "merged") -> Scored:
    """A merged result as one that can be merged again, with others or alone.

    Raises:
        ConfigurationError: for one without data, or for something else.
    """
    if not isinstance(merged, Mapping) or not {"status", "strategy", "value", "quality"} <= merged.keys():
        raise ConfigurationError("merged", merged, "give what `merge` has returned")
    if merged["status"] == "no data":
        raise ConfigurationError("merged", "no data", "give a merged result that has a value")
    strategy = merged["strategy"]
    return Scored(branch_id, strategy, merged["value"], merged["quality"], type=MERGED_BY + strategy)


def _quality(rows: Sequence[Attribution], method: IntervalName) -> tuple[float, list[float], str]:
    """The weighted mean quality, its interval, which contains it whatever rounding does, and how that was made."""
    qualities, weights = [row["quality"] for row in rows], [row["weight"] for row in rows]
    quality = min(1.0, math.fsum(map(operator.mul, weights, qualities)))
    low, high, how = interval_by(method, qualities, weights, bounds=(0.0, 1.0))
    return quality, [min(low, quality), max(high, quality)], how


def _distribution(qualities: Sequence[float]) -> dict[str, float]:
    ordered = sorted(qualities)
    return {"min": ordered[0], "median": median(ordered), "mean": fmean(ordered), "max": ordered[-1]}


def nothing_merged(strategy: str, failed: Sequence[str]) -> Merged:
    """What a merge gives where there is no result.

    Args:
        strategy: Its name.
        failed: Branches that gave none, in order.
    """
    return Merged(
        status="no data",
        strategy=strategy,
        value=None,
        quality=0.0,
        confidence_interval=[0.0, 0.0],
        interval_method=METHOD,
        attribution=[],
        sources_count=0,
        metadata={},
        success_rate=0.0,
        quality_distribution={},
        integration_confidence=0.0,
        partial=bool(failed),
        failed=list(failed),
        support={},
        dissent=[],
        discarded=[],
        sources=[],
        review=[],
    )
