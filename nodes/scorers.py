"""The shipped scorers for `Tuning(scorer=...)`, what they take, records of outcomes, and agreement in meaning."""

from __future__ import annotations

from langgraph_quorum.nodes.merging.label_record import LabelRecord
from langgraph_quorum.nodes.scoring.combined import combined
from langgraph_quorum.nodes.scoring.completeness import answered, expected, required
from langgraph_quorum.nodes.scoring.conforming import conforming
from langgraph_quorum.nodes.scoring.judge import judge
from langgraph_quorum.nodes.scoring.quality import quality
from langgraph_quorum.nodes.scoring.reported import reported
from langgraph_quorum.nodes.scoring.scorer import Scorer
from langgraph_quorum.nodes.scoring.semantic import aconsistencies, similarities
from langgraph_quorum.nodes.scoring.track_record import TrackRecord
from langgraph_quorum.nodes.scoring.usage import Price
from langgraph_quorum.nodes.scoring.well_formed import OneOf, Pattern, Range, well_formed

__all__ = [
    "LabelRecord",
    "OneOf",
    "Pattern",
    "Price",
    "Range",
    "Scorer",
    "TrackRecord",
    "aconsistencies",
    "answered",
    "combined",
    "conforming",
    "expected",
    "judge",
    "quality",
    "reported",
    "required",
    "similarities",
    "well_formed",
]
