"""What LangGraph has just read of a thread is not read again for its gate."""

from __future__ import annotations

from langgraph_quorum.orchestration.persistence.saving.read_writes import KEPT_S, ReadWrites

PLACE = ("t", "", "c")
WRITES = [("task", "branches", {"a": 1})]


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_is_given_once() -> None:
    read = ReadWrites(Clock())
    read.keep(PLACE, WRITES)
    assert read.take(("other", "", "c")) is None
    assert read.take(PLACE) is WRITES
    assert read.take(PLACE) is None


def test_it_is_not_given_when_it_may_be_old() -> None:
    clock = Clock()
    read = ReadWrites(clock)
    read.keep(PLACE, WRITES)
    clock.now += KEPT_S + 0.1
    assert read.take(PLACE) is None


def test_no_more_is_kept_than_a_few_and_nothing_for_long() -> None:
    clock = Clock()
    read = ReadWrites(clock)
    for number in range(100):
        read.keep(("t", "", str(number)), WRITES)
    assert read.take(("t", "", "0")) is None
    assert read.take(("t", "", "99")) is WRITES
    clock.now += KEPT_S + 0.1
    read.keep(PLACE, WRITES)
    assert len(read._kept) == 1
