"""The judge of killed runs finds what is wrong with made-up ones."""

from __future__ import annotations

from typing import Any

import pytest

from tests.crashes.joining import item, workers
from tests.crashes.judging import faults
from tests.crashes.killing import Killed, Story
from tests.crashes.ledger import Line
from tests.crashes.scenario import Scenario, after

SCENARIO = Scenario(
    "made up",
    workers,
    [item("a"), item("b"), item("c")],
    after("a"),
    needs={"c": ("a",)},
    at_once=2,
    apart=(frozenset("bc"),),
)
KEPT: Any = {"a": {"branch_id": "a", "status": "succeeded"}}


def story(first: str, second: str, kept: Any = KEPT) -> Story:
    """Starts (`+a`) and ends (`-a`) in a process that is killed, and in the next."""
    lines = [
        Line(pid, "start" if word[0] == "+" else "end", word[1:], 1)
        for pid, words in ((1, first), (2, second))
        for word in words.split()
    ]
    return Story(lines, [Killed(1, len(first.split()), kept)], None, {})


def test_nothing_is_wrong_with_a_run_that_goes_on_where_it_was() -> None:
    assert faults(SCENARIO, story("+a +b -a", "+b -b +c -c")) == []


@pytest.mark.parametrize(
    ("first", "second", "kept", "fault"),
    [
        ("+a -a", "+a -a", KEPT, "a was kept when 1 was killed, and started again"),
        ("+a +b -a", "", KEPT, "b was cut short when 1 was killed, and never started again"),
        ("+a -a", "+c", {}, "c started before a had ended"),
        ("+a", "+c", {}, "c started before a had ended"),
        ("+a -a +b +c", "+b -b +c", KEPT, "['b', 'c'] ran at once, only one of them may"),
        ("+a +b +d", "+b +d", KEPT, "['a', 'b', 'd'] ran at once, 2 may"),
        ("+a -a", "", {}, "[] ended before the kill after ['a']"),
    ],
)
def test_it_finds_what_is_wrong(first: str, second: str, kept: Any, fault: str) -> None:
    assert fault in faults(SCENARIO, story(first, second, kept))
