"""A result that is partial although every branch answered: the measured quality is below its target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

_MEANINGS = {
    "confidence": "there is too little text in English to be sure",
    "completeness": "only a part of the text could be analysed",
}
"""What it means that this part of the quality is the lowest."""


def missed_quality(outcome: Mapping[str, Any]) -> str:
    """What was missed and what it means, in a line; "" when nothing was missed, or anything else as well."""
    branches = outcome.get("branches", {})
    unmet = [finding for finding in outcome.get("findings", []) if finding["severity"] != "info"]
    asked = [record for record in branches.values() if not record.get("excused")]
    answered = all(record["status"] == "succeeded" for record in asked)
    if outcome["status"] != "partial" or not answered or [finding["check"] for finding in unmet] != ["quality"]:
        return ""
    who = "the only branch" if len(asked) == 1 else f"all {len(asked)} branches"
    meaning = _meaning([branches[name] for name in unmet[0]["branches"] if name in branches])
    return f"{who} answered; the measured {unmet[0]['message']}" + (f": {meaning}" if meaning else "")


def _meaning(weak: Sequence[Mapping[str, Any]]) -> str:
    """Why these branches are weak, by the part of their quality that is lowest; "" when no part is low."""
    means: dict[str, float] = {}
    for part in _MEANINGS:
        values = [record["quality"][part] for record in weak if (record.get("quality") or {}).get(part) is not None]
        if values:
            means[part] = fmean(values)
    lowest = min(means, key=lambda part: means[part], default="")
    return _MEANINGS[lowest] if lowest and means[lowest] < 1 else ""
