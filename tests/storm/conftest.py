"""One zygote for each test process, and weather for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crashes.processes import Zygote, zygote
from tests.storm.trial import Weather


@pytest.fixture(scope="session")
def forks() -> Iterator[Zygote]:
    with zygote("tests.storm.child") as one:
        yield one


@pytest.fixture
def weather(database: str, forks: Zygote, tmp_path: Path) -> Weather:
    return Weather(database, forks, tmp_path)
