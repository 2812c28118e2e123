"""What `explain` says of each weight: the sum that was done, and nothing that is not known."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver

from langgraph_quorum import Branch, Specialist, build_workflow
from langgraph_quorum.graphs.workflow import Tuning
from langgraph_quorum.nodes.explaining.explain import explain
from langgraph_quorum.nodes.merging.label_record import LabelRecord
from langgraph_quorum.nodes.merging.strategies import Consensus, Hierarchical, Strategy
from langgraph_quorum.state.policies import Policies, RecoveryPolicy

AGAIN = "the branch was done again after this merge"
CONFIDENCES = {"a": 0.9, "b": 0.6, "c": 0.6}


async def _stated(branch: Branch) -> dict[str, Any]:
    return {"answer": "ok" if branch.branch_id == "a" else "bad", "confidence": CONFIDENCES[branch.branch_id]}


async def _run(merge: Strategy | str = "weighted", **types: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The outcome and the state of a run."""
    crew = [Specialist(name, _stated, type=kind) for name, kind in types.items()]
    tuning = Tuning(policies=Policies(recovery=RecoveryPolicy(rounds=0)))
    graph = build_workflow(crew, merge=merge, tuning=tuning).compile(checkpointer=InMemorySaver())  # type: ignore[arg-type]
    config = RunnableConfig(configurable={"thread_id": "t"})
    outcome = await graph.ainvoke({"task": "Is it so?"}, config)
    return outcome, (await graph.aget_state(config)).values


def _rests_on(told: dict[str, Any]) -> dict[str, str]:
    return {one["row"]["branch_id"]: one["rests_on"][-1] for one in explain(told).weights}


def _sums(told: dict[str, Any]) -> list[str]:
    return [one["arithmetic"].rpartition("; ")[2] for one in explain(told).weights]


def _heading(told: dict[str, Any]) -> str:
    (line,) = [line for line in explain(told).text().splitlines() if line.startswith("How each weight came about")]
    return line


async def test_an_outcome_of_peers_that_disagree_does_not_say_that_they_were_done_again() -> None:
    outcome, state = await _run(a="t", b="t")
    assert _rests_on(state)["a"] == "quality (confidence 0.9000 + agreement 0.0000)/2 = 0.4500"
    assert set(_rests_on(outcome).values()) == {"how its quality follows from these is not stored in the outcome"}
    assert AGAIN not in explain(outcome).text()


async def test_only_a_branch_with_a_later_round_than_the_merge_was_done_again_after_it() -> None:
    _, state = await _run(a="t", b="t")
    later = copy.deepcopy(state)
    for name, record in later["branches"].items():
        record["quality"]["score"] = record["quality"]["confidence"] = 0.7
        record["round"] = int(name == "a")
    assert _rests_on(later) == {"a": AGAIN, "b": "how its quality follows from these is not stored"}


async def test_the_weight_policy_is_in_the_heading_where_it_made_the_weights() -> None:
    outcome, state = await _run(a="", b="")
    for told in (outcome, state):
        assert _heading(told).startswith("How each weight came about (0.7 x quality + 0.3 x ")


async def test_a_weight_by_type_is_told_as_the_types_weight_and_the_share_within_it() -> None:
    outcome, state = await _run(Hierarchical(), a="law", b="style", c="style")
    rows = {row["branch_id"]: row["weight"] for row in state["merged"]["attribution"]}
    types = state["merged"]["metadata"]["types"]
    assert _heading(state) == "How each weight came about (the strategy has weights of its own)"
    law, *style = sorted(_sums(state))
    assert law == f"type law weighs {types['law']['weight']:.4f} x 1.0000 within the type = {rows['a']:.4f}"
    share = types["style"]["shares"]["b"]
    assert share == pytest.approx(0.5, abs=1e-4)
    assert f"type style weighs {types['style']['weight']:.4f} x {share:.4f} within the type = {rows['b']:.4f}" in style
    assert rows["b"] == pytest.approx(types["style"]["weight"] * share)
    assert _sums(outcome)[0].startswith("the strategy gave it a weight of its own: ")


async def test_a_vote_by_heads_is_told_as_one_vote_each() -> None:
    _, state = await _run(Consensus("majority"), a="", b="", c="")
    assert _sums(state) == ["one vote each: 1/3 = 0.3333"] * 3
    assert _heading(state) == "How each weight came about (the strategy has weights of its own)"


async def test_a_vote_by_log_odds_is_told_with_the_quality_that_it_went_by() -> None:
    _, state = await _run(Consensus("log_odds"), a="", b="")
    rows = {row["branch_id"]: row["weight"] for row in state["merged"]["attribution"]}
    assert rows["a"] == pytest.approx(0.844, abs=1e-3)  # log 9 of log 9 and log 1.5
    assert _sums(state) == [
        f"its vote, by log-odds of its quality {CONFIDENCES[name]:.4f}, is {rows[name]:.4f} of all votes"
        for name in ("a", "b")
    ]


async def test_a_vote_by_a_record_of_labels_is_told_with_the_accuracy_on_record() -> None:
    seen = LabelRecord({"a": [("ok", "ok"), ("bad", "bad"), ("bad", "ok")] * 9})
    _, state = await _run(Consensus("log_odds", record=seen), a="", b="")
    accuracy = state["merged"]["metadata"]["reliability"]["a"]
    by_branch = dict(zip([row["branch_id"] for row in state["merged"]["attribution"]], _sums(state), strict=True))
    assert f"by log-odds of its specialist's accuracy on record {accuracy:.4f}, or of its quality" in by_branch["a"]
    assert by_branch["b"].startswith("its vote, by log-odds of its quality 0.6000, is ")
