"""Policies: what a user may tune. Frozen, checked when made, every default a parameter."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from langgraph_quorum.state.errors import ConfigurationError, SyncPolicyError


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value)


def _require(error: type[ConfigurationError], name: str, value: Any, allowed: Callable[[Any], bool], mend: str) -> None:
    if not _is_number(value) or not allowed(value):
        raise error(name, value, mend)


def _is_count_or_share(value: float) -> bool:
    return 0 <= value <= 1 if isinstance(value, float) else value >= 0


def _is_whole(value: float) -> bool:
    return not math.isinf(value) and value == int(value)


@dataclass(frozen=True, slots=True)
class SyncPolicy:
    """When a sync point moves on.

    All branches done: it proceeds. The threshold reached: it proceeds when the grace has run out. Below the threshold
    it waits, until the deadline or until nothing is left to wait for; then what failed may be sent out again. It stops
    early when the answer is decisive, or when more has failed than is tolerated.

    Attributes:
        threshold: Share of the branches that must have succeeded, above 0 and up to 1.
        grace_s: Seconds that stragglers still get once the threshold is reached, from 0.
        deadline_s: Seconds after fan-out at which it proceeds with what there is, above 0; `math.inf` for none. Each
            fan-out has its own; below the threshold what ran out of time is sent out once more.
        minimum: Successes without which the run fails, from 1; also needed for the threshold to count as reached.
        successes: Count of successes that makes the quorum, from 1, in place of the share in `threshold`.
        must: Branch ids that must be among the successes: for the quorum, and for the run not to fail.
        tolerate: Failures past which it stops waiting: a count from 0, or a share of the branches in 0..1 as a float.
        until: Looks at the results so far, by branch id; once it says True the answer is decisive. Called on the event
            loop after each success, so it must be quick; one that raises counts as False and is logged.
        min_quality: A success scored below this does not count as a good answer, 0..1.
        on_straggler: `cancel` stops an async straggler; `abandon` lets it run on unheard. Threads are abandoned always.
        name: Of the sync point.

    Raises:
        SyncPolicyError: naming the field that is out of its bounds.
    """

    threshold: float = 0.75
    grace_s: float = 5.0
    deadline_s: float = 120.0
    minimum: int = 1
    successes: int | None = None
    must: tuple[str, ...] = ()
    tolerate: float | None = None
    until: Callable[[Mapping[str, Any]], bool] | None = None
    min_quality: float = 0.0
    on_straggler: Literal["cancel", "abandon"] = "cancel"
    name: str = "main"

    def __post_init__(self) -> None:
        error = SyncPolicyError
        _require(error, "threshold", self.threshold, lambda x: 0 < x <= 1, "give a fraction above 0 and up to 1")
        _require(error, "grace_s", self.grace_s, lambda x: 0 <= x < math.inf, "give seconds from 0")
        _require(error, "deadline_s", self.deadline_s, lambda x: x > 0, "give seconds above 0")
        _require(error, "minimum", self.minimum, lambda x: x >= 1 and _is_whole(x), "give a whole number from 1")
        if self.successes is not None:
            _require(
                error, "successes", self.successes, lambda x: x >= 1 and _is_whole(x), "give a whole number from 1"
            )
        if self.tolerate is not None:
            share = "give a count from 0, or a share as a float from 0.0 to 1.0"
            _require(error, "tolerate", self.tolerate, _is_count_or_share, share)
        if isinstance(self.must, str) or not all(isinstance(name, str) for name in self.must):
            raise SyncPolicyError("must", self.must, "give a tuple of branch ids")
        if self.until is not None and not callable(self.until):
            raise SyncPolicyError("until", self.until, "give a function of the results so far")
        _require(error, "min_quality", self.min_quality, lambda x: 0 <= x <= 1, "give a fraction from 0 to 1")
        if self.on_straggler not in ("cancel", "abandon"):
            raise SyncPolicyError("on_straggler", self.on_straggler, "give 'cancel' or 'abandon'")

    def needed(self, total: int, earlier: int = 0) -> int:
        """Good answers that make the quorum, of `total` branches, when `earlier` ones were in before.

        The threshold is of these branches; the minimum is of the whole run.
        """
        asked = math.ceil(round(self.threshold * total, 9)) if self.successes is None else self.successes - earlier
        return max(self.minimum - earlier, asked)

    def tolerated(self, total: int) -> float:
        """Failures of `total` branches that are put up with; infinite without a limit."""
        if self.tolerate is None:
            return math.inf
        return self.tolerate * total if isinstance(self.tolerate, float) else self.tolerate


@dataclass(frozen=True, slots=True)
class ModePolicy:
    """How the analyzer picks the mode.

    Attributes:
        complexity_above: `parallel` needs a complexity above this, 0..1.
        free_cpu_above: ... and a free share of CPU above this, when any branch needs CPU, 0..1.
        dependency_above: `sequential` when more of the work than this waits for other work, 0..1.
        parallel_at_once: CPU-bound branches at once in `parallel`, fewer when fewer workers are free.
        adaptive_start: Branches at once when `adaptive` begins.
        io_at_once: Branches at once that wait on I/O; they are not limited by CPU.
    """

    complexity_above: float = 0.8
    free_cpu_above: float = 0.7
    dependency_above: float = 0.6
    parallel_at_once: int = 5
    adaptive_start: int = 3
    io_at_once: int = 1000

    def __post_init__(self) -> None:
        for name in ("complexity_above", "free_cpu_above", "dependency_above"):
            value = getattr(self, name)
            _require(ConfigurationError, name, value, lambda x: 0 <= x <= 1, "give a fraction from 0 to 1")
        for name in ("parallel_at_once", "adaptive_start", "io_at_once"):
            value = getattr(self, name)
            _require(ConfigurationError, name, value, lambda x: x >= 1 and _is_whole(x), "give a whole number from 1")


@dataclass(frozen=True, slots=True)
class WeightPolicy:
    """How much a result weighs: `quality_share · quality + speed_share · 1 / (1 + seconds / halving_s)`.

    Attributes:
        quality_share: Share of the quality, from 0.
        speed_share: Share of the speed, from 0; the two must not both be 0.
        halving_s: Seconds at which the speed term has halved, above 0.
        assumed_quality: Counts for a result that nothing scored, 0..1. A missing time counts as infinite.
    """

    quality_share: float = 0.7
    speed_share: float = 0.3
    halving_s: float = 60.0
    assumed_quality: float = 0.5

    def __post_init__(self) -> None:
        error = ConfigurationError
        _require(error, "quality_share", self.quality_share, lambda x: 0 <= x < math.inf, "give a number from 0")
        _require(error, "speed_share", self.speed_share, lambda x: 0 <= x < math.inf, "give a number from 0")
        _require(error, "halving_s", self.halving_s, lambda x: 0 < x < math.inf, "give seconds above 0")
        _require(error, "assumed_quality", self.assumed_quality, lambda x: 0 <= x <= 1, "give a fraction from 0 to 1")
        if self.quality_share + self.speed_share == 0:
            raise ConfigurationError("quality_share", 0, "give quality_share or speed_share above 0")


@dataclass(frozen=True, slots=True)
class ValidationPolicy:
    """What the merged result is checked against, and how often it may be sent back.

    Attributes:
        quality: The merged quality to reach, 0..1.
        rounds: Redistributions at most, over the whole run, from 0.
        review: When a human is asked: `never`, `unmet` (targets missed and nothing left to redo) or `always`.
    """

    quality: float = 0.8
    rounds: int = 3
    review: Literal["never", "unmet", "always"] = "never"

    def __post_init__(self) -> None:
        _require(ConfigurationError, "quality", self.quality, lambda x: 0 <= x <= 1, "give a fraction from 0 to 1")
        mend = "give a whole number from 0"
        _require(ConfigurationError, "rounds", self.rounds, lambda x: x >= 0 and _is_whole(x), mend)
        if self.review not in ("never", "unmet", "always"):
            raise ConfigurationError("review", self.review, "give 'never', 'unmet' or 'always'")


@dataclass(frozen=True, slots=True)
class Policies:
    """How a workflow plans, weighs and checks; each part has its own defaults."""

    mode: ModePolicy = field(default_factory=ModePolicy)
    weight: WeightPolicy = field(default_factory=WeightPolicy)
    validation: ValidationPolicy = field(default_factory=ValidationPolicy)
