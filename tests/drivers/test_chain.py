"""The checker of chains finds forks, and does not take a nested graph's checkpoints for one."""

from __future__ import annotations

import pytest

from tests.drivers.chain import Link, faults, linear_chain

CHAIN = [Link("", "1", None), Link("", "2", "1"), Link("", "3", "2")]


def test_a_chain_has_no_faults_in_whatever_order_it_is_read() -> None:
    assert faults(CHAIN) == faults(CHAIN[::-1]) == []


def test_a_nested_graph_has_a_chain_of_its_own() -> None:
    assert faults([*CHAIN, Link("inner:1", "2", None), Link("inner:1", "4", "2")]) == []


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (Link("", "4", "2"), "2 has 2 children: 3, 4"),
        (Link("", "4", None), "the beginning has 2 children: 1, 4"),
        (Link("", "5", "4"), "5 has the parent 4, which is not stored"),
        (Link("inner:1", "4", "3"), "4 has the parent 3, which is not stored"),
    ],
)
def test_it_says_what_forks(more: Link, said: str) -> None:
    assert [fault.partition(": ")[2] for fault in faults([*CHAIN, more])] == [said]


def test_a_parent_that_is_later_than_its_child_is_no_chain() -> None:
    assert faults([Link("", "1", "2"), Link("", "2", None)]) != []


def test_a_thread_that_was_never_driven_has_no_checkpoints(database: str) -> None:
    assert linear_chain(database, "t") == []
