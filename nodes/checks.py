"""The shipped checks for `Tuning(checks=...)`; one of your own is a function, or a `Check` with more to say."""

from __future__ import annotations

from langgraph_quorum.nodes.checking.agreement import agreement
from langgraph_quorum.nodes.checking.budget import budget
from langgraph_quorum.nodes.checking.check import Check, Checked
from langgraph_quorum.nodes.checking.contradictions import contradictions
from langgraph_quorum.nodes.checking.coverage import coverage
from langgraph_quorum.nodes.checking.growth import growth
from langgraph_quorum.nodes.checking.quality import flagged, quality_target
from langgraph_quorum.nodes.checking.schema import schema
from langgraph_quorum.nodes.checking.successes import successes

__all__ = [
    "Check",
    "Checked",
    "agreement",
    "budget",
    "contradictions",
    "coverage",
    "flagged",
    "growth",
    "quality_target",
    "schema",
    "successes",
]
