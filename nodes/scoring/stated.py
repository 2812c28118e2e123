"""What a result says of itself and how much of what was expected it holds: the scorer of those who give none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langgraph_quorum.nodes.scoring.fields import at, holds_something
from langgraph_quorum.nodes.scoring.quality import UNMEASURED, is_share, unscored
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.branch import Branch
from langgraph_quorum.state.records import Quality

_NOTHING = unscored("it returned nothing: return a value, or raise where there is none to give")
"""Of an answer that is None. One for all, not to be changed."""


def measured(result: Any, expects: tuple[str, ...]) -> Quality:
    """Confidence as the result states it, completeness as the share of expected fields that hold something.

    The score is the mean of those that could be measured, None when neither could. The evidence says so where nothing
    was returned.
    """
    confidence = stated_confidence(result)
    if confidence is None and not expects:
        return _NOTHING if result is None else UNMEASURED
    evidence: list[str] = [*_NOTHING["evidence"]] if result is None else []
    if confidence is not None:
        evidence.append(f"it states a confidence of {confidence:.2f}")
    completeness = None
    if expects:
        completeness, line = share_there(result, expects, "expected fields")
        evidence.append(line)
    parts = [part for part in (confidence, completeness) if part is not None]
    return Quality(
        score=sum(parts) / len(parts),
        confidence=confidence,
        completeness=completeness,
        consistency=None,
        evidence=evidence,
    )


def score_as_measured(specialist: Specialist, branch: Branch, result: Any) -> Quality:
    """The scorer of a workflow that was given none."""
    del branch
    return measured(result, specialist.expects)


def stated_confidence(result: Any) -> float | None:
    """The number in 0..1 that the result holds as `confidence`, None when it holds none."""
    confidence = result.get("confidence") if isinstance(result, Mapping) else None
    return confidence if is_share(confidence) else None


def share_there(result: Any, asked: Sequence[str], what: str) -> tuple[float, str]:
    """The share of the fields asked for that hold something, and a line that names the others.

    Args:
        result: Any result; only a mapping has fields.
        asked: Dotted paths, at least one.
        what: What they are called in the line.
    """
    missing = [path for path in asked if not holds_something(at(result, path))]
    there = len(asked) - len(missing)
    return there / len(asked), f"{there} of {len(asked)} {what}" + (f", not {missing}" if missing else "")
