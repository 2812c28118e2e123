"""What the specialists found in one document, side by side, and where a reader should look next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import Made
from langgraph_quorum.nodes.specialists.document.report import Finding

SHOWN = 5
"""Findings of each specialist in the digest; the full report stays with its branch."""
LOOKS = 3

_URGENCY = {"error": 0, "warning": 1}


def digest(results: Sequence[Scored], weights: Mapping[str, float]) -> Made:
    """Per specialist the headline, measures and foremost findings; and the places that deserve a look."""
    ordered = sorted(results, key=lambda result: (-weights[result.branch_id], result.branch_id))
    specialists = {
        result.specialist: {
            "headline": result.value["headline"],
            "findings": result.value["findings"][:SHOWN],
            "findings_count": len(result.value["findings"]),
            "measures": result.value["measures"],
        }
        for result in sorted(ordered, key=lambda result: result.specialist)
    }
    return Made({"specialists": specialists, "look_next": look_next(ordered)})


def look_next(results: Sequence[Scored]) -> list[dict[str, Any]]:
    """The most urgent faults, one of each kind, errors first; those of heavier results first among equals."""
    faults: list[tuple[int, int, int, Finding, str]] = []
    for rank, result in enumerate(results):
        for number, finding in enumerate(result.value["findings"]):
            severity = finding.get("severity")
            if severity in _URGENCY:
                faults.append((_URGENCY[severity], number, rank, finding, result.specialist))
    faults.sort(key=lambda row: row[:3])
    chosen: dict[str, dict[str, Any]] = {}
    for _, _, _, finding, specialist in faults:
        chosen.setdefault(finding["kind"], {**finding, "specialist": specialist})
    return list(chosen.values())[:LOOKS]
