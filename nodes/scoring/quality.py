"""A quality as somebody gives it: brought to parts in 0..1, or missing and saying why."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

from langgraph_quorum.nodes.branching.jsonable import keepable
from langgraph_quorum.state.records import Quality

EVIDENCE_LENGTH = 300
"""Characters of one line of evidence at most."""

_PARTS = ("confidence", "completeness", "consistency")

UNMEASURED = Quality(score=None, confidence=None, completeness=None, consistency=None, evidence=[])
"""Where there was nothing to measure: one for all, because there may be a hundred thousand. Not to be changed."""


def quality(
    score: float | None,
    evidence: Iterable[str],
    *,
    confidence: float | None = None,
    completeness: float | None = None,
    consistency: float | None = None,
    cost: float | None = None,
) -> Quality:
    """A quality of parts in 0..1, its evidence brought to a length and to characters that can be stored."""
    made = Quality(
        score=score,
        confidence=confidence,
        completeness=completeness,
        consistency=consistency,
        evidence=[shortened(keepable(line)) for line in evidence],
    )
    if cost is not None:
        made["cost"] = cost
    return made


def unscored(why: str) -> Quality:
    """A quality that is missing, and why."""
    return quality(None, [why])


def checked(given: Any, name: str) -> Quality:
    """What the scorer of this name has given as a quality: missing when its score is no number from 0 to 1."""
    if isinstance(given, Mapping):
        score = given.get("score")
        if score is not None and not is_share(score):
            return unscored(f"scorer {name!r} gave score={score!r}: give a number from 0 to 1")
        odd = {part: given[part] for part in _PARTS if given.get(part) is not None and not is_share(given[part])}
        strange = [f"scorer {name!r} gave {part}={value!r}: give a number from 0 to 1" for part, value in odd.items()]
        return quality(
            _share(score),
            [*_lines(given.get("evidence")), *strange],
            confidence=_share(given.get("confidence")),
            completeness=_share(given.get("completeness")),
            consistency=_share(given.get("consistency")),
            cost=_amount(given.get("cost")),
        )
    if is_share(given):
        return quality(float(given), [f"the number of scorer {name!r}"])
    return unscored(f"scorer {name!r} gave {given!r}: give a number from 0 to 1 or a Quality")


def is_share(value: Any) -> bool:
    """Whether it is a number in 0..1, of whatever library."""
    return _is_number(value) and bool(0 <= value <= 1)


def shortened(text: str, length: int = EVIDENCE_LENGTH) -> str:
    """The text on one line, cut where it is longer."""
    line = " ".join(text[: 4 * length].split())
    return line if len(line) <= length else f"{line[: length - 1]}…"


def _is_number(value: Any) -> bool:
    if type(value) is float:  # most are, and there may be a hundred thousand
        return True
    return isinstance(value, Real) and not isinstance(value, bool)


def _lines(evidence: Any) -> Iterable[str]:
    """The lines of evidence; a text is one."""
    return [evidence] if isinstance(evidence, str) else [str(line) for line in evidence or []]


def _amount(value: Any) -> float | None:
    try:
        amount = float(value) if _is_number(value) else math.nan
    except OverflowError:  # an integer beyond all floats
        return None
    return amount if 0 <= amount < math.inf else None


def _share(value: Any) -> float | None:
    return float(value) if is_share(value) else None
