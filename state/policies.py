"""Policies: what a user may tune. Frozen, checked when made, every default a parameter."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import Literal

from langgraph_quorum.state.bounds import is_whole, require
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.keywords import suggesting


@suggesting
@dataclass(frozen=True, slots=True)
class ModePolicy:
    """How the analyzer picks the mode.

    Attributes:
        complexity_above: `parallel` needs a complexity above this, 0..1.
        free_cpu_above: ... and a free share of CPU above this, when any branch needs CPU, 0..1.
        dependency_above: `sequential` when more of the work than this waits for other work, 0..1.
        parallel_at_once: CPU-bound branches at once in `parallel`, fewer when fewer workers are free.
        adaptive_start: Branches at once when `adaptive` begins; more as soon as that pays, or nothing ends for 50 ms.
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
            require(ConfigurationError, name, value, lambda x: 0 <= x <= 1, "give a fraction from 0 to 1")
        for name in ("parallel_at_once", "adaptive_start", "io_at_once"):
            value = getattr(self, name)
            require(ConfigurationError, name, value, lambda x: x >= 1 and is_whole(x), "give a whole number from 1")


@suggesting
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
        require(error, "quality_share", self.quality_share, lambda x: 0 <= x < math.inf, "give a number from 0")
        require(error, "speed_share", self.speed_share, lambda x: 0 <= x < math.inf, "give a number from 0")
        require(error, "halving_s", self.halving_s, lambda x: 0 < x < math.inf, "give seconds above 0")
        require(error, "assumed_quality", self.assumed_quality, lambda x: 0 <= x <= 1, "give a fraction from 0 to 1")
        if self.quality_share + self.speed_share == 0:
            raise ConfigurationError("quality_share", 0, "give quality_share or speed_share above 0")


Review = Literal["never", "unmet", "always"]
"""When a human is asked about the result."""


@suggesting
@dataclass(frozen=True, slots=True)
class ValidationPolicy:
    """What the merged result is checked against, and when a human is asked.

    Attributes:
        quality: The merged quality to reach, 0..1.
        review: When a human is asked: `never`, `unmet` (targets missed and nothing left to redo) or `always`.
    """

    quality: float = 0.8
    review: Review = "never"

    def __post_init__(self) -> None:
        require(ConfigurationError, "quality", self.quality, lambda x: 0 <= x <= 1, "give a fraction from 0 to 1")
        if self.review not in ("never", "unmet", "always"):
            raise ConfigurationError("review", self.review, "give 'never', 'unmet' or 'always'")


Pause = Literal["sync_point", "validator"]
"""Where a run may stop to ask whether it is to go on."""


@suggesting
@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """How a human is asked about the result.

    Attributes:
        expires_s: Seconds after which nobody is waited for any more, by the database's clock where there is one, above
            0; `math.inf` waits for ever.
        on_expiry: What is done then.
        pause_before: Where the run stops in any case and asks whether it is to go on.
        form: Which front ends the questions are for: `request` is LangChain's human-in-the-loop request, `inbox` the
            older form of Agent Inbox. Answers of both are understood either way.
    """

    expires_s: float = math.inf
    on_expiry: Literal["approve", "reject"] = "reject"
    pause_before: tuple[Pause, ...] = ()
    form: Literal["request", "inbox"] = "request"

    def __post_init__(self) -> None:
        require(ConfigurationError, "expires_s", self.expires_s, lambda x: x > 0, "give seconds above 0")
        if self.on_expiry not in ("approve", "reject"):
            raise ConfigurationError("on_expiry", self.on_expiry, "give 'approve' or 'reject'")
        if not isinstance(self.pause_before, tuple) or not set(self.pause_before) <= {"sync_point", "validator"}:
            mend = "give a tuple of 'sync_point' and 'validator'"
            raise ConfigurationError("pause_before", self.pause_before, mend)
        if self.form not in ("request", "inbox"):
            raise ConfigurationError("form", self.form, "give 'request' or 'inbox'")


@suggesting
@dataclass(frozen=True, slots=True)
class RecoveryPolicy:
    """How far the load balancer goes to mend what is missing or weak. Whichever bound is met first ends it.

    Attributes:
        rounds: Redistributions at most, over the whole run, from 0.
        attempts: Attempts of all branches together at most; None for no bound.
        seconds: Seconds since the run began after which nothing is sent out again, above 0; `math.inf` for no bound.
        cost: What the run may have cost, in the application's currency, when something is sent out again; `math.inf`
            for no bound. Counts what specialists report with `Answer(cost=)`.
        longer: A branch that ran out of its own time gets this many times as long the next time, from 1.
    """

    rounds: int = 3
    attempts: int | None = None
    seconds: float = math.inf
    cost: float = math.inf
    longer: float = 2.0

    def __post_init__(self) -> None:
        error = ConfigurationError
        require(error, "rounds", self.rounds, lambda x: x >= 0 and is_whole(x), "give a whole number from 0")
        if self.attempts is not None:
            require(error, "attempts", self.attempts, lambda x: x >= 1 and is_whole(x), "give a whole number from 1")
        require(error, "seconds", self.seconds, lambda x: x > 0, "give seconds above 0")
        require(error, "cost", self.cost, lambda x: x >= 0, "give an amount from 0")
        require(error, "longer", self.longer, lambda x: 1 <= x < math.inf, "give a factor from 1")


@suggesting
@dataclass(frozen=True, slots=True)
class GrowthPolicy:
    """How far results may create further branches.

    Attributes:
        branches: Created branches at most, over the whole run, from 0.
        generations: How deep: a branch of the input is of generation 0, one that it creates of generation 1; from 0.
    """

    branches: int = 1000
    generations: int = 3

    def __post_init__(self) -> None:
        mend = "give a whole number from 0"
        require(ConfigurationError, "branches", self.branches, lambda x: x >= 0 and is_whole(x), mend)
        require(ConfigurationError, "generations", self.generations, lambda x: x >= 0 and is_whole(x), mend)


@suggesting
@dataclass(frozen=True, slots=True)
class Policies:
    """How a workflow plans, weighs, checks, mends and grows; each part has its own defaults."""

    mode: ModePolicy = field(default_factory=ModePolicy)
    weight: WeightPolicy = field(default_factory=WeightPolicy)
    validation: ValidationPolicy = field(default_factory=ValidationPolicy)
    review: ReviewPolicy = field(default_factory=ReviewPolicy)
    recovery: RecoveryPolicy = field(default_factory=RecoveryPolicy)
    growth: GrowthPolicy = field(default_factory=GrowthPolicy)

    def __post_init__(self) -> None:
        for one in fields(self):
            value, kind = getattr(self, one.name), one.default_factory
            if isinstance(kind, type) and not isinstance(value, kind):
                raise ConfigurationError(f"Policies.{one.name}", value, f"give a {kind.__name__}")
