"""What a result says of itself and how much of what was expected it holds: the scorer of those who give none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langgraph_quorum.nodes.scoring.fields import at, holds_something
from langgraph_quorum.nodes.scoring.quality import UNMEASURED, is_share, shortened, unscored
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.branch import Branch
from langgraph_quorum.state.records import Quality

_NOTHING = unscored("it returned nothing: return a value, or raise where there is none to give")
"""Of an answer that is None. One for all, not to be changed."""


def measured(result: Any, expects: tuple[str, ...]) -> Quality:
    """Confidence as the result states it, completeness as the share of expected fields that hold something.

    The score is the mean of those that could be measured, None when neither could. The evidence says so where nothing
    was returned, or a confidence was stated that is none.
    """
    confidence = stated_confidence(result)
    if confidence is None and not expects:
        return without_confidence(result)
    evidence = [*without_confidence(result)["evidence"]] if confidence is None else [_states(confidence)]
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
    confidence: Any = result.get("confidence") if isinstance(result, Mapping) else None
    return float(confidence) if is_share(confidence) else None


def without_confidence(result: Any) -> Quality:
    """A quality without a score, of a result that states no confidence that counts; its evidence says why not."""
    if result is None:
        return _NOTHING
    stated = result.get("confidence") if isinstance(result, Mapping) else None
    if stated is None:
        return UNMEASURED
    return unscored(
        f"it states confidence={shortened(repr(stated), 60)}, which does not count: give a number from 0 to 1"
    )


def _states(confidence: float) -> str:
    return f"it states a confidence of {confidence:.2f}"


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
