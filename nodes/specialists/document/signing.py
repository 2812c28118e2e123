"""Signing a document off: without faults it is signed, with some a person is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import TypedDict

from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import Made
from langgraph_quorum.nodes.reviewing.answers import Decision, UnfitAnswerError, understood
from langgraph_quorum.nodes.reviewing.asking import GivenUpError, asked
from langgraph_quorum.nodes.specialists.document.grounding import score_report
from langgraph_quorum.state.branch import Branch
from langgraph_quorum.state.records import Quality
from langgraph_quorum.state.words import counted

SHOWN = 5
"""Faults that a question shows."""


class Signature(TypedDict):
    """Whether one document may go out. JSON primitives only."""

    document: str
    signed: bool
    by: str
    """`no faults` or `a human`."""
    message: str
    faults: int
    confidence: float
    """1: a rule or a person has decided."""


async def sign_off(branch: Branch) -> Signature:
    """Sign the document of the branch, whose inputs are reports about it; ask when they name faults.

    The answers are `"approve"` and `"reject: why"`, or what front ends send for them.
    """
    document: str = branch.payload["source"]
    faults = [
        finding["text"]
        for report in branch.inputs.values()
        for finding in report["findings"]
        if finding.get("severity")
    ]

    def question(complaint: str) -> dict[str, Any]:
        said = f"{document} has {counted(len(faults), 'fault')}: may it go out?"
        asking = {
            "document": document,
            "question": said,
            "faults": faults[:SHOWN],
            "answers": ["approve", "reject: why"],
        }
        return {**asking, "complaint": complaint} if complaint else asking

    async def read(answer: Any) -> Decision:
        decision = understood(answer, ("approve", "reject"))
        if decision.kind == "expire":
            raise UnfitAnswerError("this question does not expire: answer 'approve' or 'reject: why'")
        return decision

    if not faults:
        return _signature(document, signed=True, by="no faults", message="", faults=0)
    try:
        decision = await asked(question, read)
    except GivenUpError as error:
        decision = Decision("reject", str(error))
    return _signature(
        document, signed=decision.kind == "approve", by="a human", message=decision.message, faults=len(faults)
    )


def _signature(document: str, *, signed: bool, by: str, message: str, faults: int) -> Signature:
    return Signature(document=document, signed=signed, by=by, message=message, faults=faults, confidence=1.0)


def signatures(results: Sequence[Scored], weights: Mapping[str, float]) -> Made:
    """The documents that may go out, and those that are sent back with what was said."""
    del weights
    found: list[Signature] = sorted(
        (result.value for result in results if "signed" in result.value), key=lambda one: one["document"]
    )
    signed = [one["document"] for one in found if one["signed"]]
    back = {one["document"]: one["message"] for one in found if not one["signed"]}
    return Made({"signed": signed, "sent_back": back})


def score_signing(branch: Branch, result: Any) -> Quality | float:
    """A report by its grounding and coverage, a signature by what it says of itself."""
    return float(result["confidence"]) if "signed" in result else score_report(branch, result)
