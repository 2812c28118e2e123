"""Which strategy suits a task: keywords, and nothing more."""

from __future__ import annotations

import pytest

from langgraph_quorum.nodes.merging.suggestion import suggest_strategy


@pytest.mark.parametrize(
    ("task", "strategy"),
    [
        ("Collect all open positions", "merge_all"),
        ("Write a poem about the sea", "best"),
        ("Verify whether the invoice is correct", "consensus"),
        ("Analyse the causes of the outage", "synthesis"),
        ("Hm", "weighted"),
        ("", "weighted"),
    ],
)
def test_the_words_of_a_task_tell_the_strategy(task: str, strategy: str) -> None:
    assert suggest_strategy(task) == strategy


def test_the_kind_with_most_words_wins_and_the_reason_names_them() -> None:
    found = suggest_strategy("Write a list: find and collect the owners")
    assert found == "merge_all"
    assert found.reason == "'list', 'find', 'collect': this is gathering, which takes 'merge_all'"
    assert "no word" in suggest_strategy("Hm").reason
    assert "synthesis" in suggest_strategy("Draft a letter").reason
