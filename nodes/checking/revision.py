"""Whether a revision has made a result better, or worse: findings decide, then the score. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from langgraph_quorum.nodes.checking.quality import ROUNDING, measured_quality
from langgraph_quorum.state.merged import CheckFinding, Merged
from langgraph_quorum.state.records import BranchRecord, WorkItem
from langgraph_quorum.state.words import counted
from langgraph_quorum.state.workflow import Revision

GAIN = 0.001
"""A gain in quality below this is none."""
UNSCORED = 0.5
"""What a success counts that nothing scored, when it is held against another."""
_QUALITY = "quality"
"""The check whose findings are about the score."""


def begun(
    merged: Merged, findings: Sequence[CheckFinding], records: Mapping[str, BranchRecord], *, by_human: bool = False
) -> Revision:
    """A revision of a merged result, because of these findings, in which branches with these records go out again.

    Where a person has asked for it, their new results stand unless they would fail the run.
    """
    return Revision(
        came_to="under_way",
        merged=merged,
        findings=list(findings),
        records=dict(records),
        judged=None,
        why="",
        by_human=by_human,
    )


def ended(revision: Revision, merged: Merged, findings: Sequence[CheckFinding], round_number: int) -> Revision:
    """What a revision has come to.

    It is worse with more critical findings, else with more errors that are not about the quality itself, else with more
    errors, else with a lower measured quality that no further result accounts for. It is better with fewer of these,
    with a further result, or with a quality that has risen by `GAIN`. Else it has come to nothing.
    """
    before = revision["merged"]
    if before is None:
        return revision
    old, new = _figures(before, revision["findings"]), _figures(merged, findings)
    gain = 0.0 if old.quality is None or new.quality is None else new.quality - old.quality
    severe, severe_before = severity(findings), severity(revision["findings"])
    why = f"{_in_words(new)}, before {_in_words(old)}"
    if severe > severe_before or (severe == severe_before and gain < -ROUNDING and new.sources <= old.sources):
        return _judged("worse", round_number, why)
    fewer = (*severe, new.warnings) < (*severe_before, old.warnings)
    is_better = fewer or new.sources > old.sources or gain >= GAIN - ROUNDING
    return _judged("better" if is_better else "nothing", round_number, why)


class Held(NamedTuple):
    """The new result of a branch, held against the one before it."""

    came_to: Literal["better", "nothing", "worse"]
    why: str
    """Findings and scores of both, in words."""


def held(
    revision: Revision,
    queue: Sequence[WorkItem],
    branches: Mapping[str, BranchRecord],
    findings: Sequence[CheckFinding],
) -> dict[str, Held]:
    """By branch that was done again and gave a result, what that is against its earlier one.

    It is worse where more, or more severe, findings name it, else with a lower score; one that nothing scored counts
    0.5. A piece goes with the branch that joins it. What a person has edited meanwhile is not held against anything.
    """
    earlier = {name: old for name, old in revision["records"].items() if _is_new(branches[name], old)}
    told = {
        name: _held(_naming(name, revision["findings"]), old, _naming(name, findings), branches[name])
        for name, old in earlier.items()
    }
    owners = {item["branch_id"]: item["part_of"] for item in queue if "part_of" in item}
    return {name: told.get(owners.get(name, name), one) for name, one in told.items()}


def _is_new(record: BranchRecord, old: BranchRecord) -> bool:
    return record["status"] == "succeeded" and record["round"] > old["round"] and not record.get("edited")


def _naming(name: str, findings: Sequence[CheckFinding]) -> list[CheckFinding]:
    return [finding for finding in findings if name in finding["branches"]]


def _held(before: Sequence[CheckFinding], old: BranchRecord, after: Sequence[CheckFinding], new: BranchRecord) -> Held:
    (old_score, old_words), (new_score, new_words) = _scored(old), _scored(new)
    severe, severe_before = severity(after), severity(before)
    why = f"{_found(severe)} and {new_words}, before {_found(severe_before)} and {old_words}"
    if severe != severe_before:
        return Held("worse" if severe > severe_before else "better", why)
    if abs(new_score - old_score) <= ROUNDING:
        return Held("nothing", why)
    return Held("worse" if new_score < old_score else "better", why)


def _found(severe: tuple[int, int, int]) -> str:
    critical, _, errors = severe
    return counted(critical + errors, "finding")


def _scored(record: BranchRecord) -> tuple[float, str]:
    score = None if record["quality"] is None else record["quality"]["score"]
    return (UNSCORED, "no score") if score is None else (score, f"score {score:.2f}")


def severity(findings: Sequence[CheckFinding]) -> tuple[int, int, int]:
    """How bad findings are; compares: critical ones, then errors besides those about the score, then all errors."""
    errors = [finding for finding in findings if finding["severity"] == "error"]
    critical = sum(finding["severity"] == "critical" for finding in findings)
    return critical, sum(finding["check"] != _QUALITY for finding in errors), len(errors)


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
