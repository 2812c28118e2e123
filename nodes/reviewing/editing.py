"""A result that a human has changed: edited, or picked from one branch."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from langgraph_quorum.nodes.branching.jsonable import jsonable
from langgraph_quorum.nodes.merging.merge import merge
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.reviewing.answers import Decision, UnfitAnswerError
from langgraph_quorum.nodes.reviewing.disagreement import at_path
from langgraph_quorum.state.errors import ResultError
from langgraph_quorum.state.merged import CheckFinding, Discarded, Merged
from langgraph_quorum.state.policies import WeightPolicy
from langgraph_quorum.state.workflow import QuorumState

ValueCheck: TypeAlias = Callable[[QuorumState], Sequence[CheckFinding]]
"""Holds a merged value against what is asked of it. Called with the state in which `merged` has the edited value;
findings that are errors or critical refuse the edit. Runs in a thread."""

_NAMED = 5
"""Places in a value that a message gives."""
_REFUSING = ("error", "critical")
_MISSING = object()
_log = logging.getLogger(__name__)


def edited_value(decision: Decision, merged: Merged) -> Any:
    """What the human has made of the value, in JSON primitives.

    Raises:
        UnfitAnswerError: it cannot be kept as JSON.
    """
    value = decision.value
    lost: list[str] = []
    if decision.typed and isinstance(value, str) and not isinstance(merged["value"], str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise UnfitAnswerError(f"the edited result is not JSON ({error}): mend it there") from error
        except RecursionError as error:
            raise UnfitAnswerError("the edited result is nested too deep to be read: give something flatter") from error
    try:
        kept = jsonable(value, "value", lost=lost)
    except ResultError as error:
        raise UnfitAnswerError(str(error)) from error
    if lost:
        raise UnfitAnswerError(f"{', '.join(lost[:_NAMED])}: NaN and infinities are no JSON: give a number, or null")
    return kept


def check_value(state: QuorumState, merged: Merged, check: ValueCheck | None) -> None:
    """Refuse an edited value that does not fit.

    Raises:
        UnfitAnswerError: with what the check found.
    """
    if check is None:
        return
    try:
        findings = check({**state, "merged": merged})
    except Exception as error:
        _log.exception("the check of an edited value failed")
        raise UnfitAnswerError(f"the edited value cannot be checked ({type(error).__name__}: {error})") from error
    wrong = [finding["message"] for finding in findings if finding["severity"] in _REFUSING]
    if wrong:
        raise UnfitAnswerError(f"the edited value does not fit: {'; '.join(wrong)}")


def edited(merged: Merged, value: Any, message: str) -> Merged:
    """The result with another value. Who contributed stays; support stays where the value stays."""
    said = "edited by a human: attribution, quality and interval are those of the value before"
    return {
        **merged,
        "value": value,
        "metadata": {**merged["metadata"], "human": {"decision": "edit", "message": message}},
        "support": {path: share for path, share in merged.get("support", {}).items() if _same(path, merged, value)},
        "review": [*merged.get("review", []), said],
    }


def _same(path: str, merged: Merged, value: Any) -> bool:
    old, new = at_path(merged["value"], path, _MISSING), at_path(value, path, _MISSING)
    return old is not _MISSING and new is not _MISSING and bool(old == new)


def picked(state: QuorumState, merged: Merged, branch_id: str, policy: WeightPolicy, message: str) -> Merged:
    """The result of one branch in place of the merged one; how much of the run succeeded stays as it was."""
    record = state["branches"][branch_id]
    rows = {row["branch_id"]: row for row in merged["attribution"]}
    measured = None if record["quality"] is None else record["quality"]["score"]
    if branch_id in rows and not rows[branch_id]["quality_assumed"]:
        measured = rows[branch_id]["quality"]  # with its agreement with others
    result = Scored(branch_id, record["specialist"], record["result"], measured, record["seconds"], record["group"])
    alone = merge([result], "best", policy)
    why = f"a human picked {branch_id}"
    others = [Discarded(branch_id=name, field="", why=why) for name in rows if name != branch_id]
    return {
        **alone,
        "value": record["result"],
        "strategy": merged["strategy"],
        "metadata": {**merged["metadata"], "human": {"decision": "pick", "branch": branch_id, "message": message}},
        "success_rate": merged["success_rate"],
        "integration_confidence": alone["quality"] * merged["success_rate"],
        "partial": merged["partial"],
        "failed": merged["failed"],
        "dissent": merged.get("dissent", []),
        "discarded": [*merged.get("discarded", []), *others],
        "review": [*merged.get("review", []), f"{why}: quality and interval are of this result alone"],
    }
