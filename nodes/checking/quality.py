"""Whether the measured quality reaches its target, and whether the merge itself wants a human to look."""

from __future__ import annotations

import math
from statistics import fmean

from langgraph_quorum.nodes.checking.check import Check, Checked, Severity, finding
from langgraph_quorum.state.bounds import require
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.merged import CheckFinding, Merged
from langgraph_quorum.state.workflow import QuorumOutput

ROUNDING = 1e-9
"""A mean of values at the target may fall short of it by this much."""

FLAGGED = "review"
"""Findings of this name ask for a human's eye."""


def quality_target(target: float = 0.8, severity: Severity = "error") -> Check:
    """The measured quality reaches `target`, 0..1. Names the branches below it.

    What nothing measured is said, and not held against the result.

    Raises:
        ConfigurationError: the target is out of its bounds.
    """
    where = "quality_target.target"
    require(ConfigurationError, where, target, lambda x: 0 <= x <= 1, "give a fraction from 0 to 1")

    def check(checked: Checked) -> list[CheckFinding]:
        merged = checked.merged
        if merged is None or not merged["attribution"]:
            return []
        measured = measured_quality(merged)
        if measured is None:
            return [finding("quality", f"quality was not measured: {merged['quality']:.2f} is assumed", "info")]
        if measured >= target - ROUNDING:
            return []
        rows = [row for row in merged["attribution"] if not row["quality_assumed"]]
        weak = [row["branch_id"] for row in rows if row["quality"] < target]
        return [finding("quality", f"quality {measured:.2f} is below the target {target:g}", severity, weak)]

    return Check(check, "quality", severity, math.inf)


def measured_quality(output: Merged | QuorumOutput) -> float | None:
    """The mean quality by weight, 0..1, over what was measured; None when nothing was.

    Where all that was measured weighs 0 it is the plain mean.
    """
    rows = [row for row in output["attribution"] if not row["quality_assumed"]]
    if not rows:
        return None
    weight = math.fsum(row["weight"] for row in rows)
    if weight > 0:
        return math.fsum(row["weight"] * row["quality"] for row in rows) / weight
    return fmean(row["quality"] for row in rows)


def flagged(severity: Severity = "warning") -> Check:
    """The merge found no reason why a human should look at its result."""

    def check(checked: Checked) -> list[CheckFinding]:
        reasons = [] if checked.merged is None else checked.merged["review"]
        return [finding(FLAGGED, f"a human should look at it: {why}", severity) for why in reasons]

    return Check(check, FLAGGED, severity, math.inf)
