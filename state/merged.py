"""What a merge gives, and what a check finds wanting in it. JSON primitives only, like all records."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict


class Attribution(TypedDict):
    """How much one branch contributed, and why that much."""

    branch_id: str
    specialist: str
    group: str
    weight: float
    """Normalised: the weights of a merged result sum to 1."""
    raw_weight: float
    """0.7 · quality + 0.3 · 1 / (1 + seconds/60) with the default policy."""
    quality: float
    quality_assumed: bool
    """True when nothing measured the quality and the policy's assumption was used."""
    seconds: float | None
    speed: float


class Dissent(TypedDict):
    """A value that lost against another."""

    field: str
    """Dotted path within the merged value; empty for the whole."""
    value: Any
    share: float
    """Of the weight of those that had the field, 0..1."""
    branches: list[str]


class Discarded(TypedDict):
    """What a merge left out."""

    branch_id: str
    field: str
    """Dotted path within the branch's result; empty for the whole."""
    why: str


class Merged(TypedDict):
    """Many results made one. `status` is "no data" for an empty set, which has quality 0 and no value."""

    status: Literal["merged", "no data"]
    strategy: str
    value: Any
    quality: float
    """Weighted mean quality, 0..1."""
    confidence_interval: list[float]
    """[low, high] of the weighted quality; `interval_method` names how."""
    interval_method: str
    attribution: list[Attribution]
    sources_count: int
    metadata: dict[str, Any]
    success_rate: float
    quality_distribution: dict[str, float]
    """min, median, max and mean of the qualities; empty when there are none."""
    integration_confidence: float
    """quality · success rate: how far the whole can be relied on."""
    partial: bool
    failed: list[str]
    """Branches that gave no result."""
    support: dict[str, float]
    """By dotted path of the merged value, the share of weight that holds it, 0..1."""
    dissent: list[Dissent]
    discarded: list[Discarded]
    sources: list[str]
    """Branches that the value rests on."""
    review: list[str]
    """Why a human should look at it: disagreement, an answer without sources, ..."""


class CheckFinding(TypedDict):
    """What a validator's check found wanting."""

    check: str
    severity: Literal["info", "warning", "error", "critical"]
    message: str
    branches: list[str]
    field: NotRequired[str]
    """Dotted path within the merged value, where it is about one."""
