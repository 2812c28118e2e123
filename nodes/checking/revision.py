"""Whether a revision has made the merged result better, or worse. Pure: read from the results and their findings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from langgraph_quorum.nodes.checking.quality import ROUNDING, measured_quality
from langgraph_quorum.state.merged import CheckFinding, Merged
from langgraph_quorum.state.records import BranchRecord
from langgraph_quorum.state.words import counted
from langgraph_quorum.state.workflow import Revision

GAIN = 0.001
"""A gain in quality below this is none."""


def begun(merged: Merged, findings: Sequence[CheckFinding], records: Mapping[str, BranchRecord]) -> Revision:
    """A revision of a merged result, because of these findings, in which branches with these records go out again."""
    return Revision(
        came_to="under_way", merged=merged, findings=list(findings), records=dict(records), judged=None, why=""
    )


def ended(revision: Revision, merged: Merged, findings: Sequence[CheckFinding], round_number: int) -> Revision:
    """What a revision has come to.

    It is worse with more critical findings, else with more errors, else with a lower measured quality that no further
    result accounts for. It is better with fewer of these, with a further result, or with a quality that has risen by
    `GAIN`. Else it has come to nothing.
    """
    before = revision["merged"]
    if before is None:
        return revision
    old, new = _figures(before, revision["findings"]), _figures(merged, findings)
    gain = 0.0 if old.quality is None or new.quality is None else new.quality - old.quality
    severe, severe_before = (new.critical, new.errors), (old.critical, old.errors)
    why = f"{_in_words(new)}, before {_in_words(old)}"
    if severe > severe_before or (severe == severe_before and gain < -ROUNDING and new.sources <= old.sources):
        return _judged("worse", round_number, why)
    fewer = (*severe, new.warnings) < (*severe_before, old.warnings)
    is_better = fewer or new.sources > old.sources or gain >= GAIN - ROUNDING
    return _judged("better" if is_better else "nothing", round_number, why)


def _judged(came_to: Literal["better", "nothing", "worse"], round_number: int, why: str) -> Revision:
    return Revision(came_to=came_to, merged=None, findings=[], records={}, judged=round_number, why=why)


class _Figures(NamedTuple):
    critical: int
    errors: int
    warnings: int
    sources: int
    quality: float | None


def _figures(merged: Merged, findings: Sequence[CheckFinding]) -> _Figures:
    severities = [finding["severity"] for finding in findings]
    critical, errors, warnings = (severities.count(severity) for severity in ("critical", "error", "warning"))
    return _Figures(critical, errors, warnings, merged["sources_count"], measured_quality(merged))


def _in_words(figures: _Figures) -> str:
    found = counted(figures.critical + figures.errors, "finding")
    return f"{found} and quality {figures.quality:.3f}" if figures.quality is not None else f"{found}"
