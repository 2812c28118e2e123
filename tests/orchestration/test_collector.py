"""A process that drives runs can have Python's garbage collector look less often; it is as before afterwards."""

from __future__ import annotations

import gc
import weakref
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from langgraph_quorum import settled_collector
from langgraph_quorum.orchestration.cli.following import Follower
from langgraph_quorum.orchestration.cli.progress.board import Board
from langgraph_quorum.orchestration.collector import YOUNG_OBJECTS
from langgraph_quorum.state.errors import DatabaseError


class Link:
    """Refers to another one, in a circle."""

    def __init__(self) -> None:
        self.other: Link = self


@pytest.fixture(autouse=True)
def ordinary() -> Iterator[None]:
    """The collector as Python sets it, before the test and after it."""
    before = gc.get_threshold()
    gc.unfreeze()
    gc.set_threshold(700, 10, 10)
    yield
    gc.enable()
    gc.unfreeze()
    gc.set_threshold(*before)


def test_it_leaves_alone_what_was_there_and_looks_less_often() -> None:
    with settled_collector():
        assert gc.get_threshold() == (YOUNG_OBJECTS, 10, 10)
        assert gc.get_freeze_count() > 10_000  # what was imported
        assert len(gc.get_objects()) < 1000
    assert gc.get_threshold() == (700, 10, 10)
    assert gc.get_freeze_count() == 0


def test_garbage_is_freed_at_the_start_and_what_was_frozen_at_the_end() -> None:
    gc.disable()  # or it might be found by chance before
    early, kept = weakref.ref(Link()), Link()
    frozen = weakref.ref(kept)
    with settled_collector():
        assert early() is None
        del kept
        gc.collect()
        assert frozen() is not None
    gc.collect()
    assert frozen() is None


def test_it_need_not_sweep() -> None:
    gc.disable()
    left = weakref.ref(Link())
    with settled_collector(sweep=False):
        assert left() is not None


def test_later_garbage_is_found_without_asking() -> None:
    with settled_collector():
        left = weakref.ref(Link())
        for _ in range(3):  # as many again as it waits for, each kept until it was looked at
            assert len([Link() for _ in range(YOUNG_OBJECTS)]) == YOUNG_OBJECTS
        assert left() is None


@pytest.mark.parametrize("youngest", [0, 500_000])
def test_a_figure_of_ones_own_stays(youngest: int) -> None:
    gc.set_threshold(youngest, 5, 5)
    with settled_collector():
        assert gc.get_threshold() == (youngest, 5, 5)
    assert gc.get_threshold() == (youngest, 5, 5)


def test_a_collector_that_is_off_stays_off() -> None:
    gc.disable()
    with settled_collector():
        assert not gc.isenabled()
    assert not gc.isenabled()


def test_a_block_within_another_changes_and_undoes_nothing() -> None:
    with settled_collector():
        with settled_collector():
            assert gc.get_threshold() == (YOUNG_OBJECTS, 10, 10)
        assert gc.get_threshold() == (YOUNG_OBJECTS, 10, 10)
        assert gc.get_freeze_count() > 10_000
    assert gc.get_threshold() == (700, 10, 10)
    assert gc.get_freeze_count() == 0


def test_an_error_undoes_it_too() -> None:
    with pytest.raises(ValueError, match="boom"), settled_collector():
        raise ValueError("boom")
    assert (gc.get_threshold(), gc.get_freeze_count()) == ((700, 10, 10), 0)


class Followed:
    """A run and everything around it; remembers how the collector was set while it went on."""

    thread_id = "t1"

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.seen: list[tuple[int, bool]] = []

    def __getattr__(self, _: str) -> Any:
        return lambda *_: None

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        self.seen.append((gc.get_threshold()[0], gc.get_freeze_count() > 0))
        yield {}

    async def result(self) -> dict[str, Any]:
        self.seen.append((gc.get_threshold()[0], gc.get_freeze_count() > 0))
        if self.error is not None:
            raise self.error
        return {"status": "approved"}


async def test_the_command_line_settles_it_while_a_run_goes_on() -> None:
    run: Any = Followed()
    outcome = await Follower(run, run, run, dsn_given=False).follow(run, Board.of([]))
    assert outcome == {"status": "approved"}
    assert run.seen == [(YOUNG_OBJECTS, True)] * 2
    assert (gc.get_threshold(), gc.get_freeze_count()) == ((700, 10, 10), 0)


async def test_and_says_as_ever_how_to_go_on_when_the_database_fails() -> None:
    run: Any = Followed(DatabaseError("it is away"))
    with pytest.raises(Exception, match="it is away; what is finished is kept, go on with: quorum resume t1"):
        await Follower(run, run, run, dsn_given=False).follow(run, Board.of([]))
    assert (gc.get_threshold(), gc.get_freeze_count()) == ((700, 10, 10), 0)
