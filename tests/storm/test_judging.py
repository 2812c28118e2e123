"""The judge of the storm finds what was tampered with in a trial that went well."""

from __future__ import annotations

import copy
from dataclasses import replace

import psycopg
import pytest

from tests.crashes.killing import Killed
from tests.crashes.ledger import Ledger, read
from tests.storm.interception import ledger_of
from tests.storm.judging import wrong
from tests.storm.moments import Extent, Moment
from tests.storm.scenes import SMALL
from tests.storm.trial import Death, Plan, Told, Weather

pytestmark = pytest.mark.slow

THREAD = "small--1-0"
MOMENT = Moment("line", 1, "after")


@pytest.fixture
def calm(weather: Weather) -> Told:
    told = weather.calm(SMALL)
    assert told.outcomes, told.said
    return told


def killed_at_its_end(calm: Told, kept: set[str], promised: set[str], ahead: frozenset[str] = frozenset()) -> Told:
    """The same trial, with a process that died when all was done."""
    killed = Killed(1, len(read(ledger_of(calm.folder, THREAD))), dict.fromkeys(kept))  # type: ignore[arg-type]
    return replace(calm, deaths=[Death(MOMENT, {THREAD: killed}, {THREAD: promised}, {THREAD: kept | ahead})])


def test_it_finds_nothing_where_nothing_is_wrong(calm: Told) -> None:
    assert wrong(killed_at_its_end(calm, {"a", "b"}, {"a", "b"}), calm.outcomes[THREAD]) == []


def test_it_finds_a_promise_that_was_not_held(calm: Told) -> None:
    (fault,) = wrong(killed_at_its_end(calm, {"a"}, {"a", "c"}), calm.outcomes[THREAD])
    assert "['c'] were said to be written before kill 1 (after line 1) and are not there" in fault


def test_it_finds_a_stored_branch_that_was_done_again(calm: Told) -> None:
    trial = killed_at_its_end(calm, {"a"}, {"a"})
    Ledger(ledger_of(calm.folder, THREAD)).note("start", "a", 1)
    (fault,) = wrong(trial, calm.outcomes[THREAD])
    assert "a was kept when 1 was killed, and started again" in fault


def test_it_finds_a_chain_that_forks(calm: Told) -> None:
    with psycopg.connect(calm.dsn) as connection:
        connection.execute("UPDATE checkpoints SET parent_checkpoint_id = NULL WHERE metadata->>'step' = '2'")
    (fault,) = wrong(calm, calm.outcomes[THREAD])
    assert "the beginning has 2 children" in fault


def test_it_finds_another_result(calm: Told) -> None:
    outcome = copy.deepcopy(calm.outcomes[THREAD])
    outcome["branches"]["a"]["attempts"] = 2
    (fault,) = wrong(replace(calm, outcomes={THREAD: outcome}), calm.outcomes[THREAD])
    assert fault.startswith(f"{THREAD}: branches is")


def test_it_finds_a_run_that_never_ends(calm: Told) -> None:
    assert wrong(replace(calm, outcomes={}, said="sorry"), {}) == ["it did not end after 0 kills: sorry"]


def test_it_finds_what_was_written_ahead_of_its_checkpoint(calm: Told) -> None:
    (fault,) = wrong(killed_at_its_end(calm, {"a"}, set(), frozenset("b")), calm.outcomes[THREAD])
    assert "['b'] were written ahead of their checkpoint before kill 1" in fault


def test_kills_come_at_the_moment_that_was_drawn(weather: Weather, calm: Told) -> None:
    plan = Plan(1, SMALL, 1, kills=1, fresh=False)
    late = Extent({"trip": 10**6, "commit": 10**6, "line": 10**6}, 3600)  # drawn far behind the end
    trial, found = weather.stormed(plan, late, lambda told: wrong(told, calm.outcomes[THREAD]))
    assert (trial.deaths, found) == ([], [])
