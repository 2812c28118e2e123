"""A human sends branches out once more: what they are told, and what becomes of the results."""

from __future__ import annotations

from typing import Any

from langgraph.types import Command

from langgraph_quorum import Branch, Specialist
from langgraph_quorum.nodes.checking.check import Checked
from langgraph_quorum.nodes.explaining.explain import explain
from tests.graphs.reviewing import Review, two
from tests.graphs.running import FIXED, Crew


async def test_a_branch_is_done_once_more_told_what_to_do_better_then_merged_and_asked_about_again() -> None:
    crew = Crew()
    asks = await Review(*two(crew)).begin()
    assert (await asks.state())["merged"]["value"]["by"] == "a"  # 0.9 against 0.5
    await asks.answer({"type": "retry", "branches": ["b"], "message": "be brief"})
    assert crew.calls == {"a": 1, "b": 2}
    guidance = crew.branches[-1].guidance
    assert guidance is not None
    assert [finding["message"] for finding in guidance["findings"]] == ["be brief"]
    assert (await asks.state())["merged"]["value"] == {"by": "b", "turn": 2, "confidence": 0.95}
    assert (await asks.answer("approve"))["status"] == "approved"


async def test_what_a_person_wanted_done_once_more_is_shown_although_it_scores_lower() -> None:
    asks = await Review(Crew().scores("s", 0.9, 0.6)).begin()
    await asks.answer({"type": "retry", "branches": ["s"], "message": "longer, please"})
    assert asks.question["action_requests"][0]["args"]["result"] == {"by": "s", "turn": 2, "confidence": 0.6}
    assert asks.review["not_taken"] == {}
    told = explain(await asks.state())
    assert told.again[0]["came_to"] == (
        "its new result was taken although it is worse: 1 finding and score 0.60, before 0 findings and score 0.90"
    )
    assert "round 1: the new result is taken, as a human wanted" in told.rounds


async def test_a_retry_that_gives_nothing_leaves_the_earlier_result_and_the_person_is_told() -> None:
    asks = await Review(_breaks_again()).begin()
    await asks.answer("retry: s")
    assert asks.question["action_requests"][0]["args"]["result"] == {"v": 1, "confidence": 0.9}
    why = "doing it again gave no result: that of round 0 stays"
    assert asks.review["not_taken"] == {"s": why}
    assert f"**Done once more, and not taken**\n\n- s: {why}" in asks.description
    assert explain(await asks.state()).again[0]["came_to"] == f"it did not help: {why}"


async def test_a_retry_that_would_fail_the_run_leaves_the_earlier_result_and_the_person_is_told() -> None:
    async def harmless(checked: Checked) -> list[dict[str, Any]]:
        return (
            [{"message": "leaks a key", "severity": "critical", "branches": ["s"]}] if checked.value["turn"] > 1 else []
        )

    asks = await Review(Crew().scores("s", 0.9, 0.95), checks=(harmless,)).begin()
    await asks.answer("retry: s")
    assert asks.question["action_requests"][0]["args"]["result"]["turn"] == 1
    assert asks.review["not_taken"]["s"].startswith("leaks a key: the earlier result stands (1 finding and score 0.95")
    assert (await asks.answer("approve"))["status"] == "approved"


async def test_what_a_person_wanted_done_once_more_is_shown_by_whoever_goes_on_after_a_crash() -> None:
    asks = await Review(Crew().scores("s", 0.9, 0.6)).begin()
    again: Command[Any] = Command(resume={"type": "retry", "branches": ["s"]})
    await asks.graph.ainvoke(again, asks.config, context=FIXED, interrupt_before=["validator"])
    asks.out = await asks.graph.ainvoke(None, asks.config, context=FIXED)
    assert asks.question["action_requests"][0]["args"]["result"]["turn"] == 2


def _breaks_again() -> Specialist:
    async def once(branch: Branch) -> dict[str, Any]:
        if branch.round:
            raise ValueError("not twice")
        return {"v": 1, "confidence": 0.9}

    return Specialist("s", once)


async def test_a_failed_branch_can_be_sent_out_by_a_human_after_the_load_balancer_gave_up() -> None:
    crew = Crew()
    asks = await Review(crew.scores("a", 0.9), crew.fails("c", ValueError("no"), times=1)).begin()
    await asks.answer("retry: c")
    assert asks.review["missing"] == {}
    assert crew.calls == {"a": 1, "c": 2}


async def test_what_a_branch_lacks_goes_out_with_it() -> None:
    crew = Crew()
    graph = Review(crew.fails("first", ValueError("no"), times=1), crew.sleeps("next", 0), crew.scores("a", 0.9))
    work: list[Any] = [{"specialist": "first"}, {"specialist": "next", "depends_on": ["first"]}, {"specialist": "a"}]
    graph.out = await graph.graph.ainvoke({"task": "x", "work": work}, graph.config, context=FIXED)
    assert set(graph.review["missing"]) == {"first", "next"}
    await graph.answer("retry: next")
    assert graph.review["missing"] == {}
    assert crew.calls == {"first": 2, "next": 1, "a": 1}
