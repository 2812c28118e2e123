"""One zygote and one storm for each test process, and weather for each test that tampers with a trial."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import NewDatabase
from tests.crashes.processes import Zygote, zygote
from tests.storm.campaign import Storm
from tests.storm.trial import Weather


@pytest.fixture(scope="session")
def forks() -> Iterator[Zygote]:
    with zygote("tests.storm.child") as one:
        yield one


@pytest.fixture
def weather(migrated_database: str, forks: Zygote, tmp_path: Path) -> Weather:
    return Weather(migrated_database, forks, tmp_path)


@pytest.fixture(scope="session")
def storm(
    new_database: NewDatabase, migrated: str, forks: Zygote, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Storm]:
    """It keeps what an undisturbed run does, which is found out once for all shares."""
    with new_database(migrated) as database:
        yield Storm(Weather(database, forks, tmp_path_factory.mktemp("storm")))
