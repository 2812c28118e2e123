"""The editor: makes one brief of the briefs of several documents, or of earlier briefs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean
from typing import Any

from typing_extensions import TypedDict

from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import Made
from langgraph_quorum.state.branch import Branch
from langgraph_quorum.state.words import counted
from langgraph_quorum.state.workflow import QuorumOutput

LOOKS = 5
"""Places to look at next that a brief names."""

_URGENCY = {"error": 0, "warning": 1}


class Brief(TypedDict):
    """What a reader in a hurry needs of one document or of many. JSON primitives only."""

    headline: str
    documents: dict[str, dict[str, str]]
    """By document: each specialist's headline."""
    look_next: list[dict[str, Any]]
    """Findings that deserve a look, the most urgent first, each with its `document`; at most five."""
    confidence: float
    """0..1: the mean of what went in."""


def brief_of(output: QuorumOutput) -> Brief:
    """The brief of what a document analysis has given back, by the quality that it measured."""
    merged: Mapping[str, Any] = output["result"]
    documents = {
        name: {specialist: report["headline"] for specialist, report in of_one["value"]["specialists"].items()}
        for name, of_one in merged.items()
    }
    looks = [{**look, "document": name} for name, of_one in merged.items() for look in of_one["value"]["look_next"]]
    return _brief(documents, looks, output["quality"])


def edit(branch: Branch) -> Brief:
    """One brief of all that the branch has waited for."""
    return _joined([branch.inputs[name] for name in sorted(branch.inputs)])


def whole_brief(results: Sequence[Scored], weights: Mapping[str, float]) -> Made:
    """One brief of every document that has one: the last editor's, or what editors and readers have left for it."""
    del weights
    parts: list[Brief] = []
    covered: set[str] = set()
    for result in sorted(results, key=lambda one: (-len(one.value["documents"]), one.branch_id)):
        brief: Brief = result.value
        if covered.isdisjoint(brief["documents"]):
            parts.append(brief)
            covered.update(brief["documents"])
    return Made((parts[0] if len(parts) == 1 else _joined(parts)) if parts else None, {"briefs": len(parts)})


def _joined(briefs: Sequence[Brief]) -> Brief:
    documents = {name: lines for brief in briefs for name, lines in brief["documents"].items()}
    looks = [look for brief in briefs for look in brief["look_next"]]
    return _brief(documents, looks, fmean(brief["confidence"] for brief in briefs))


def _brief(documents: dict[str, dict[str, str]], looks: Iterable[dict[str, Any]], confidence: float) -> Brief:
    urgent = sorted(looks, key=lambda look: _URGENCY.get(look.get("severity", ""), len(_URGENCY)))[:LOOKS]
    said = f"{counted(len(urgent), 'place')} to look at next" if urgent else "nothing that needs a look"
    return Brief(
        headline=f"{counted(len(documents), 'document')}: {said}",
        documents=documents,
        look_next=urgent,
        confidence=confidence,
    )
