"""`explain`: how a run came to its result, from its state alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from langgraph_quorum.nodes.explaining.deciding import points_told
from langgraph_quorum.nodes.explaining.explanation import AnswerTold, Explanation
from langgraph_quorum.nodes.explaining.mending import again_told, rounds_told
from langgraph_quorum.nodes.explaining.spending import left_out, spent_told
from langgraph_quorum.nodes.explaining.trail import Trail
from langgraph_quorum.nodes.explaining.weighing import weighing_of, weights_told
from langgraph_quorum.nodes.journal import task_of
from langgraph_quorum.nodes.reviewing.disagreement import disagreements
from langgraph_quorum.state.merged import Merged
from langgraph_quorum.state.words import counted

_ANSWERS = ("approved", "edited", "picked", "retried", "went_on", "asks")
_JUDGES = ("validator", "human_review", "integrator")
_HUMAN = "human_review"


def explain(
    state: Mapping[str, Any],
    *,
    thread_id: str = "",
    status: str = "",
    reason: str = "",
    open_questions: Iterable[str] = (),
) -> Explanation:
    """Say how a run came to its result.

    Args:
        state: A workflow's state, or its outcome, which tells less: how the results were merged is only in the state,
            and until the run has ended so is what the attempts of earlier rounds took.
        thread_id: The thread; by default as the outcome has it.
        status: How the run stands; by default as the state has it.
        reason: Why the run stands so, where its driver has said so.
        open_questions: What a human is being asked, one line each.

    Returns:
        What is known: a run that has not come so far, or has no data, gives an explanation with less in it.
    """
    trail, merged = Trail(state), state.get("merged")
    rows = list(merged["attribution"] if merged is not None else state.get("attribution") or [])
    weighing = weighing_of(rows, trail)
    branches = state.get("branches") or {}
    stands = str(status or state.get("status") or "")
    return Explanation(
        thread_id=thread_id or str(state.get("thread_id", "")),
        status=stands,
        task=_task(state),
        headline=_headline(state, merged, stands, reason),
        points=points_told(state, trail),
        weighing=weighing,
        weights=weights_told(rows, weighing, branches, merged, trail),
        merging=[] if merged is None else _merging(merged),
        disagreements=[] if merged is None else disagreements(merged, branches),
        again=again_told(state, trail),
        rounds=rounds_told(trail),
        verdict=state.get("verdict"),
        why=_why(trail),
        findings=list(state.get("findings") or []),
        answers=_answers(trail),
        questions=list(open_questions),
        spent=spent_told(state, trail),
        left_out=left_out(state, [] if merged is None else merged.get("discarded", [])),
    )


def _task(state: Mapping[str, Any]) -> str:
    try:
        return task_of(state)  # type: ignore[arg-type]  # an outcome will do
    except AttributeError:  # messages that were made JSON
        return ""


def _headline(state: Mapping[str, Any], merged: Merged | None, status: str, reason: str) -> str:
    known = merged if merged is not None else state
    count = len(known.get("attribution") or [])
    if not count:
        error = state.get("error")
        why = f"{error['type']}: {error['message']}" if error else reason
        return f"{status or 'no status'}, no result{': ' * bool(why)}{why}"
    low, high = known["confidence_interval"]
    quality = f"quality {known['quality']:.2f} ({low:.2f} to {high:.2f})"
    return f"{status}, {quality}, of {counted(count, 'result')}"


def _merging(merged: Merged) -> list[str]:
    if merged["status"] == "no data":
        return ["there was no result to merge"]
    low, high = merged["confidence_interval"]
    spread = f"between {low:.4f} and {high:.4f} ({merged['interval_method']})"
    reliance = f"it can be relied on to {merged['integration_confidence']:.2f} (quality x that share)"
    tried = counted(merged["sources_count"] + len(merged["failed"]), "branch", "branches")
    told = [
        f"strategy {merged['strategy']}: {counted(merged['sources_count'], 'result')} made one",
        f"quality {merged['quality']:.4f}, the mean by weight; {spread}",
        f"{merged['sources_count']} of {tried} gave a result: {reliance}",
    ]
    support = merged.get("support") or {}
    if support:
        least = min(support, key=lambda path: (support[path], path))
        where = f" ({least})" if least else ""
        told.append(f"every field is held by at least {support[least]:.0%} of the weight{where}")
    resting = merged.get("sources") or []
    if resting and len(resting) < merged["sources_count"]:
        told.append(f"the value rests on {counted(len(resting), 'branch', 'branches')} alone: {', '.join(resting[:8])}")
    usage = merged["metadata"].get("usage")
    if isinstance(usage, Mapping) and usage.get("cost"):
        told.append(f"the model that merged has cost {usage['cost']:g}")
    unmeasured = [f"agreement: {line}" for line in merged["metadata"].get("consistency_evidence", [])]
    return [*told, *unmeasured, *merged.get("review", [])]


def _why(trail: Trail) -> str:
    """What the last judgement rests on."""
    ended = trail.last("ended")
    if ended is not None:
        return ended["why"].partition(": ")[2]
    judged = [line for line in trail.lines if line["node"] in _JUDGES]
    return judged[-1]["why"] if judged else ""


def _answers(trail: Trail) -> list[AnswerTold]:
    """What humans decided: in the review, and where the run paused."""
    told = []
    for line in trail.lines:
        asked = line["node"] == _HUMAN or line["node"].startswith("before_")
        if not asked:
            continue
        if line["event"] in _ANSWERS:
            told.append(AnswerTold(at=line["at"], decision=line["event"], words=line["why"]))
        elif line["event"] == "ended":
            words = line["why"].partition(": ")[2]
            told.append(AnswerTold(at=line["at"], decision="rejected", words=words))
    return told
