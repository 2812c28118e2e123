"""Only what is weak is done again, with the findings in hand, and the better result stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AnyMessage
from langchain_core.runnables import RunnableLambda
from langgraph.checkpoint.memory import InMemorySaver

from langgraph_quorum import Specialist
from langgraph_quorum.nodes.checking.check import Check, Checked, finding
from langgraph_quorum.nodes.checking.contradictions import contradictions
from langgraph_quorum.nodes.checking.schema import schema
from langgraph_quorum.nodes.validator import verdict_on
from langgraph_quorum.state.merged import CheckFinding
from langgraph_quorum.state.policies import RecoveryPolicy, ValidationPolicy
from tests.graphs.revising import Writers, counts_faults, faults, lines, state_of
from tests.graphs.running import FIXED, compiled, run, thread

pytestmark = pytest.mark.looptime
ONCE = RecoveryPolicy(rounds=1)


async def test_only_the_branches_that_errors_name_are_done_again() -> None:
    crew = Writers()
    wrong, right = crew.writes("wrong", faults(count=1), faults(count=0)), crew.writes("right", faults(count=0))
    state = await state_of(wrong, right, checks=(counts_faults,))
    assert crew.calls == {"wrong": 2, "right": 1}
    assert (state["verdict"], state["result"]["wrong"]["faults"]) == ("approved", 0)


async def test_a_branch_that_is_done_again_is_told_what_was_wrong_with_its_result() -> None:
    crew = Writers()
    wrong, other = crew.writes("wrong", faults(count=2), faults(count=0)), crew.writes("other", faults(count=0))
    await state_of(wrong, other, checks=(counts_faults,))
    first, again = (branch for branch in crew.branches if branch.branch_id == "wrong")
    assert first.guidance is None
    assert again.guidance == {
        "findings": [finding("counts_faults", f"fault {number} of wrong", branches=["wrong"]) for number in (0, 1)],
        "previous": faults(count=2),
    }


async def test_branches_of_a_bundle_are_told_what_was_wrong_each_by_itself() -> None:
    crew = Writers()
    work = [{"branch_id": name, "specialist": "s"} for name in "ab"]
    specialist = crew.writes("s", faults(count=1), faults(count=0))
    await run(specialist, work=work, checks=(counts_faults,), bundle=10)
    told = {branch.branch_id: branch.guidance for branch in crew.branches if branch.round == 1}
    assert {name: guidance and guidance["findings"][0]["message"] for name, guidance in told.items()} == {
        "a": "fault 0 of a",
        "b": "fault 0 of b",
    }


async def test_an_agent_reads_what_was_wrong_in_its_message() -> None:
    heard: list[str] = []

    async def agent(given: dict[str, Any]) -> dict[str, Any]:
        message: AnyMessage | tuple[str, str] = given["messages"][0]
        heard.append(message[1] if isinstance(message, tuple) else str(message.content))
        return faults(count=2 - len(heard))

    await run(Specialist("agent", RunnableLambda(agent)), checks=(counts_faults,))
    told = "look\n\nYour previous result fell short:\n- fault 0 of agent\n\nThe previous result:\n"
    assert heard == ["look", told + '{"faults": 1, "confidence": 0.9}']


async def test_a_warning_is_told_and_nothing_is_done_again_for_it() -> None:
    crew = Writers()
    mild = Check(_saying("could be better", branches=["s"]), "mild", severity="warning")
    state = await state_of(crew.writes("s", faults(count=0)), checks=(mild,))
    assert (crew.calls["s"], state["verdict"]) == (1, "approved")
    assert [one["message"] for one in state["findings"] if one["check"] == "mild"] == ["could be better"]


async def test_who_is_only_warned_is_left_alone_when_others_are_done_again() -> None:
    crew = Writers()
    mild = Check(_saying("could be better", branches=["mild"]), "mild", severity="warning")
    crowd = crew.writes("mild", faults(count=0)), crew.writes("wrong", faults(count=1), faults(count=0))
    await state_of(*crowd, checks=(mild, counts_faults))
    assert crew.calls == {"mild": 1, "wrong": 2}


async def test_a_critical_finding_ends_the_run_in_a_clear_error_state() -> None:
    crew = Writers()
    state = await state_of(crew.writes("s", faults(count=0)), checks=(Check(_saying("unusable"), severity="critical"),))
    assert (crew.calls["s"], state["status"], state["error"]["message"]) == (1, "failed", "unusable")


async def test_a_check_that_raises_costs_no_result_and_is_told() -> None:
    async def broken(checked: Checked) -> None:
        raise KeyError("gone")

    state = await state_of(Writers().writes("s", faults(count=0)), checks=(broken,))
    assert (state["status"], state["result"]) == ("partial", {"s": faults(count=0)})
    assert [one["message"] for one in state["findings"]] == ["check 'broken' raised KeyError: 'gone'"]
    assert state["load"]["why"] == "nothing is left that trying again could mend"


async def test_both_sides_of_a_contradiction_are_done_again() -> None:
    crew = Writers()
    crowd = [
        crew.writes("a", {"price": 10, "confidence": 0.9}),
        crew.writes("b", {"price": 20, "confidence": 0.9}, {"price": 10, "confidence": 0.9}),
        crew.writes("c", {"tax": 3, "confidence": 0.9}),
    ]
    state = await state_of(*crowd, checks=(contradictions(),))
    assert crew.calls == {"a": 2, "b": 2, "c": 1}
    assert state["verdict"] == "approved"
    told = {branch.branch_id: branch.guidance["findings"] for branch in crew.branches if branch.guidance}
    assert {name: [one["branches"] for one in findings] for name, findings in told.items()} == {
        "a": [["a"]],  # not with all the others that may be named: there may be thousands
        "b": [["b"]],
    }


async def test_what_does_not_fit_the_schema_is_done_again_until_it_does() -> None:
    crew = Writers()
    expected = {"additionalProperties": {"required": ["price"]}}
    crowd = [crew.writes("a", {"price": 1}), crew.writes("b", {}, {"price": 2})]
    state = await state_of(*crowd, checks=(schema(expected),))
    assert crew.calls == {"a": 1, "b": 2}
    assert (state["verdict"], state["result"]["b"]) == ("approved", {"price": 2})


async def test_a_success_of_a_deterministic_specialist_is_never_done_again() -> None:
    crew = Writers()
    state = await state_of(crew.writes("s", faults(count=1), deterministic=True), checks=(counts_faults,))
    assert (crew.calls["s"], state["status"]) == (1, "partial")


async def test_a_revision_that_makes_the_whole_worse_is_dropped_and_that_is_said() -> None:
    crew = Writers()
    state = await state_of(crew.writes("s", faults(count=1), faults(count=3)), checks=(counts_faults,))
    assert state["result"] == {"s": faults(count=1)}
    assert state["branches"]["s"]["result"] == faults(count=1)  # what is kept is what the result was made of
    assert [one["message"] for one in state["findings"]] == ["fault 0 of s"]
    figures = "3 findings and quality 0.900, before 1 finding and quality 0.900"
    assert lines(state, "revision_dropped") == [f"{figures}: the earlier result stands"]
    assert state["load"]["why"] == f"the last revision made it worse and was dropped: {figures}"
    assert (crew.calls["s"], state["status"]) == (2, "partial")


async def test_a_revision_that_turns_fatal_is_dropped_and_the_run_does_not_fail() -> None:
    async def fatal(checked: Checked) -> list[CheckFinding]:
        wrong = checked.value["s"]["faults"]
        return [finding("fatal", f"{wrong} faults", "critical" if wrong > 1 else "error", ["s"])]

    state = await state_of(Writers().writes("s", faults(count=1), faults(count=2)), checks=(fatal,))
    assert (state["status"], state["result"]) == ("partial", {"s": faults(count=1)})


async def test_with_as_many_findings_the_result_with_the_higher_measured_quality_is_kept() -> None:
    crew = Writers()
    state = await state_of(crew.scores("s", 0.5, 0.7, 0.6))
    assert crew.calls["s"] == 3
    assert state["result"]["s"]["turn"] == 2
    assert state["load"]["why"] == (
        "the last revision made it worse and was dropped: "
        "1 finding and quality 0.600, before 1 finding and quality 0.700"
    )


async def test_a_correction_stands_although_the_specialist_is_less_sure_of_it() -> None:
    crew = Writers()
    honest = {"faults": 0, "confidence": 0.6}  # also below the target of quality, which is about the score alone
    state = await state_of(crew.writes("s", faults(count=1), honest), checks=(counts_faults,), recovery=ONCE)
    assert state["result"] == {"s": honest}
    assert [one["check"] for one in state["findings"]] == ["quality"]
    (line,) = (line for line in state["timeline"] if line["event"] == "revised")
    assert line["why"] == (
        "the revision made the result better: 1 finding and quality 0.600, before 1 finding and quality 0.900"
    )
    why = "1 finding and score 0.60, before 1 finding and score 0.90"
    assert line["data"]["branches"] == {"s": {"came_to": "better", "dropped": False, "why": why}}


async def test_of_two_branches_that_were_done_again_each_keeps_the_better_result() -> None:
    crew = Writers()
    crowd = [
        crew.writes("better", faults(count=1), {"faults": 0, "confidence": 0.8}),
        crew.writes("worse", faults(count=1), {"faults": 2, "confidence": 0.8}),
        crew.writes("fine", faults(count=0)),
    ]
    state = await state_of(*crowd, checks=(counts_faults,), recovery=ONCE)
    kept = {name: (record["result"]["faults"], record["round"]) for name, record in state["branches"].items()}
    assert kept == {"better": (0, 1), "worse": (1, 0), "fine": (0, 0)}
    assert {name: value["faults"] for name, value in state["result"].items()} == {"better": 0, "worse": 1, "fine": 0}
    qualities = {name: figures["quality"] for name, figures in state["performance"].items()}
    assert qualities == {"better": 0.8, "worse": 0.9, "fine": 0.9}
    assert [one["message"] for one in state["findings"]] == ["fault 0 of worse"]
    assert lines(state, "revised")[0].endswith("; the earlier result of worse stands")
    assert len(lines(state, "merged")) == 3  # the first, the revised, and that of the better of each


async def test_a_branch_that_a_person_edits_is_left_as_it_is_although_errors_name_it() -> None:
    crew = Writers()
    graph = compiled(crew.writes("s", faults(count=1), faults(count=0)), saver=InMemorySaver(), checks=(counts_faults,))
    await graph.ainvoke({"task": "look"}, thread(), context=FIXED, interrupt_before=["merger"])
    await graph.aupdate_state(thread(), {"branches": {"s": {"result": faults(count=2)}}})
    out = await graph.ainvoke(None, thread(), context=FIXED)
    assert (crew.calls["s"], out["status"], out["result"]) == (1, "partial", {"s": faults(count=2)})


async def test_an_edit_during_a_revision_stands_whatever_the_revision_has_brought() -> None:
    crew = Writers()
    crowd = crew.writes("s", faults(count=1), faults(count=3)), crew.writes("by_hand", faults(count=1))
    graph = compiled(*crowd, saver=InMemorySaver(), checks=(counts_faults,), recovery=ONCE)
    await graph.ainvoke({"task": "look"}, thread(), context=FIXED, interrupt_after=["load_balancer"])
    await graph.ainvoke(None, thread(), context=FIXED, interrupt_before=["merger"])
    await graph.aupdate_state(thread(), {"branches": {"by_hand": {"result": faults(count=5)}}})
    out = await graph.ainvoke(None, thread(), context=FIXED)
    assert {name: value["faults"] for name, value in out["result"].items()} == {"s": 1, "by_hand": 5}


@pytest.mark.parametrize(("asks", "verdict"), [("never", "approved"), ("unmet", "escalate")])
def test_what_the_merge_has_flagged_is_taken_to_a_human_where_one_may_be_asked(asks: Any, verdict: str) -> None:
    assert verdict_on([finding("review", "look at it", "warning")], asks) == verdict


async def test_a_policy_of_quality_is_still_the_target() -> None:
    crew = Writers()
    await state_of(crew.scores("s", 0.5, 0.9), validation=ValidationPolicy(quality=0.4))
    assert crew.calls["s"] == 1


def _saying(message: str, **fields: Any) -> Callable[[Checked], Any]:
    async def says(checked: Checked) -> dict[str, Any]:
        return {"message": message, **fields}

    return says
