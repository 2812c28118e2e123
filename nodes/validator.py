"""The validator: has the merged result checked, keeps the better of it and the one before, and gives the verdict."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Literal

from langgraph.runtime import Runtime

from langgraph_quorum.nodes.artifacts.shelf import shelf_of
from langgraph_quorum.nodes.checking.check import Check, Checked
from langgraph_quorum.nodes.checking.quality import FLAGGED
from langgraph_quorum.nodes.checking.running import findings_of, found_at_once
from langgraph_quorum.nodes.checking.settling import settled
from langgraph_quorum.nodes.checking.standard import STANDARD
from langgraph_quorum.nodes.checking.successes import check_successes
from langgraph_quorum.nodes.coordinator import FanOut
from langgraph_quorum.nodes.journal import entry
from langgraph_quorum.nodes.outcome import ended
from langgraph_quorum.nodes.questions import asked, explain, parked
from langgraph_quorum.nodes.signatures import RuntimeNode
from langgraph_quorum.state.merged import CheckFinding
from langgraph_quorum.state.points import Points
from langgraph_quorum.state.policies import ValidationPolicy
from langgraph_quorum.state.records import BranchRecord, ErrorRecord, Verdict
from langgraph_quorum.state.workflow import QuorumContext, QuorumState

TOLD = 10
"""Findings that a reason gives at most; all of them are in the state."""

AskWhen = Literal["never", "unmet", "always"]


def validator_node(
    policy: ValidationPolicy, fan_out: FanOut, checks: Sequence[Check], merger: RuntimeNode
) -> RuntimeNode:
    """The validator of one workflow. After a revision that bettered only some branches, `merger` merges again."""
    reads_values = any(check.name not in STANDARD for check in checks)

    async def validator(state: QuorumState, *, runtime: Runtime[QuorumContext]) -> dict[str, Any]:
        points = fan_out.points.applied(runtime.context)

        async def look(state: QuorumState) -> list[CheckFinding]:
            checked = shown(state, fan_out, points)
            if reads_values and (shelf := shelf_of(runtime.context)) is not None:
                merged, branches = await shelf.back(checked.merged), await shelf.branches_back(checked.branches)
                checked = dataclasses.replace(checked, merged=merged, branches=branches)
            return await findings_of(checks, checked)

        now = await settled(state, await look(state), look, lambda mixed: merger(mixed, runtime=runtime))
        state, findings = now.state, now.findings
        verdict = verdict_on(findings, policy.review)
        why, lines = in_words(findings), now.update.get("timeline", [])
        waiting = parked(state)
        if waiting and _are_to_be_asked(shown(state, fan_out, points), verdict, waiting):
            lines = [*lines, entry(state, "validator", "asked", f"{why}; {explain(waiting)}")]
            return {**now.update, "findings": findings, **asked(state, waiting), "timeline": lines}
        written: dict[str, Any] = {
            **now.update,
            "findings": findings,
            "verdict": verdict,
            "redo": [],
            "timeline": [*lines, entry(state, "validator", verdict, why)],
        }
        if verdict == "critical_failure":
            error = ErrorRecord(type="CriticalFailure", message=why, transient=False)
            final = ended(state, "validator", verdict, why, error)
            return {**final, **written, "timeline": [*written["timeline"], *final["timeline"]]}
        return written

    return validator


def shown(state: QuorumState, fan_out: FanOut, points: Points) -> Checked:
    """What checks are shown of a run."""
    return Checked(
        task=state.get("task", ""),
        merged=state["merged"],
        branches=state["branches"],
        queue=state["queue"],
        decisions=state["sync"],
        load=state["load"],
        growth=state["growth"],
        points=points,
        counting=fan_out.counting,
    )


def value_check(checks: Sequence[Check], fan_out: FanOut) -> Callable[[QuorumState], list[CheckFinding]] | None:
    """What a value has to pass that did not come about by merging; None where no check looks at the value alone."""
    chosen = [check for check in checks if check.of_value]

    def check_value(state: QuorumState) -> list[CheckFinding]:
        checked = shown(state, fan_out, fan_out.points)
        return [found for check in chosen for found in found_at_once(check, checked)]

    return check_value if chosen else None


def in_words(findings: Sequence[CheckFinding]) -> str:
    """What was found, the first of it."""
    messages = [finding["message"] for finding in findings]
    more = [f"and {len(messages) - TOLD} more"] if len(messages) > TOLD else []
    return "; ".join([*messages[:TOLD], *more]) or "all targets are met"


def _are_to_be_asked(checked: Checked, verdict: Verdict, waiting: list[str]) -> bool:
    """Whether questions that were put off are due: before anything ends that their answers may change.

    What the load balancer may mend goes first. A run that fails whatever the answers are asks nobody.
    """
    if verdict == "needs_revision":
        return False
    if verdict != "critical_failure":
        return True
    answered = {name: BranchRecord(**{**checked.branches[name], "status": "succeeded"}) for name in waiting}
    hoped = dataclasses.replace(checked, branches={**checked.branches, **answered})
    return verdict_on(check_successes(hoped)) != "critical_failure"


def verdict_on(findings: Sequence[CheckFinding], ask: AskWhen = "never") -> Verdict:
    """The verdict that findings amount to. `ask` says when a human is asked: also about what the merge has flagged."""
    severities = {finding["severity"] for finding in findings}
    if "critical" in severities:
        return "critical_failure"
    if ask == "always":
        return "escalate"
    if "error" in severities:
        return "needs_revision"
    return "escalate" if ask == "unmet" and any(one["check"] == FLAGGED for one in findings) else "approved"
