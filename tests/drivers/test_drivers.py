"""Two drivers on one thread, as whole processes: one run, one chain of checkpoints, one result."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.drivers.campaign import Campaign, campaign
from tests.drivers.scenarios import SCENARIOS, SHORT_S, Scenario
from tests.drivers.scene import LAST
from tests.drivers.stage import Trial

pytestmark = pytest.mark.slow

TRIALS = 10


@pytest.fixture(scope="module")
def trials(dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    folder: Path = tmp_path_factory.mktemp("drivers")
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute("CREATE DATABASE drivers")
        try:
            with campaign(make_conninfo(dsn, dbname="drivers"), folder, seed=1) as one:
                yield one
        finally:
            admin.execute("DROP DATABASE drivers WITH (FORCE)")


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_whatever_two_drivers_do_the_run_stays_one(trials: Campaign, scenario: Scenario) -> None:
    tally = trials.tally(scenario, TRIALS)
    assert tally.faults == [], "\n".join(tally.faults)
    assert (tally.trials, tally.forks, tally.wrong) == (TRIALS, 0, 0)


def _lives_without_a_fence(trial: Trial, _: random.Random) -> Iterator[str]:
    old = trial.driver(ttl_s=SHORT_S, trouble="unfenced")
    trial.wait_for_start(old, LAST)
    trial.wait_for_expiry()
    new = trial.driver(on_busy="wait")
    trial.wait_for_start(new, LAST)
    trial.touch("gate")
    yield from (str(driver.answer()) for driver in (old, new) if not driver.answer())


def test_without_the_fence_the_same_drivers_fork_the_run_and_that_is_seen(trials: Campaign) -> None:
    assert trials.tally(Scenario("lives without a fence", _lives_without_a_fence), 3).forks == 3
