"""The quality of one result: what it says of itself and how complete it is, or what the user's scorer measured."""

from __future__ import annotations

import inspect
import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from langgraph.errors import GraphBubbleUp

from langgraph_quorum.nodes.branching.crew import Score
from langgraph_quorum.nodes.branching.threads import in_thread
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.branch import Branch
from langgraph_quorum.state.records import Quality

Scorer = Callable[[Branch, Any], Quality | float | Awaitable[Quality | float]]
"""A user's scorer: a score in 0..1 or a `Quality`, sync (run in a thread) or async."""


UNMEASURED = Quality(score=None, confidence=None, completeness=None, consistency=None, evidence=[])
"""Where there was nothing to measure: one for all, because there may be a hundred thousand. Not to be changed."""


def measured(result: Any, expects: tuple[str, ...]) -> Quality:
    """Confidence as the result states it, completeness as the share of expected fields that hold something.

    The score is the mean of those that could be measured, None when neither could.
    """
    fields = result if isinstance(result, Mapping) else {}
    confidence = fields.get("confidence")
    if confidence is None and not expects:
        return UNMEASURED
    evidence: list[str] = []
    if isinstance(confidence, bool) or not isinstance(confidence, (int, float)) or not 0 <= confidence <= 1:
        confidence = None
    else:
        evidence.append(f"it states a confidence of {confidence:.2f}")
    completeness = None
    if expects:
        there = [name for name in expects if fields.get(name) not in (None, "", [], {})]
        completeness = len(there) / len(expects)
        missing = [name for name in expects if name not in there]
        evidence.append(f"{len(there)} of {len(expects)} expected fields" + (f", not {missing}" if missing else ""))
    parts = [part for part in (confidence, completeness) if part is not None]
    return Quality(
        score=sum(parts) / len(parts) if parts else None,
        confidence=confidence,
        completeness=completeness,
        consistency=None,
        evidence=evidence,
    )


def score_as_measured(specialist: Specialist, branch: Branch, result: Any) -> Quality:
    """The shipped scorer."""
    del branch
    return measured(result, specialist.expects)


def scored_by(scorer: Scorer | None) -> Score:
    """The scorer to use: the user's, or the shipped one.

    A user's scorer that raises, or gives no number in 0..1, leaves the score missing and says so in the evidence.
    """
    if scorer is None:
        return score_as_measured
    chosen = scorer

    async def score(specialist: Specialist, branch: Branch, result: Any) -> Quality:
        try:
            if inspect.iscoroutinefunction(chosen):
                given = await chosen(branch, result)
            else:
                given = await in_thread(lambda: chosen(branch, result), name=f"score-{branch.branch_id}")
                given = await given if inspect.isawaitable(given) else given
            return _checked(given)
        except GraphBubbleUp:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001  a broken scorer must not cost a finished result
            return _unscored(f"the scorer for {specialist.name!r} raised {type(error).__name__}: {error}")

    return score


def _checked(given: Any) -> Quality:
    if isinstance(given, Mapping):
        score = given.get("score")
        if score is not None and not _is_share(score):
            return _unscored(f"the scorer gave score={score!r}: give a number from 0 to 1")
        return Quality(
            score=_share(score),
            confidence=_share(given.get("confidence")),
            completeness=_share(given.get("completeness")),
            consistency=_share(given.get("consistency")),
            evidence=[str(line) for line in given.get("evidence") or []],
        )
    if _is_share(given):
        return Quality(
            score=float(given), confidence=None, completeness=None, consistency=None, evidence=["the scorer's number"]
        )
    return _unscored(f"the scorer gave {given!r}: give a number from 0 to 1 or a Quality")


def _is_share(value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and not math.isnan(value) and 0 <= value <= 1


def _share(value: Any) -> float | None:
    return float(value) if _is_share(value) else None


def _unscored(why: str) -> Quality:
    return Quality(score=None, confidence=None, completeness=None, consistency=None, evidence=[why])
