"""One zygote for each test process, and a stage for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crashes.killing import Stage
from tests.crashes.processes import Zygote, zygote


@pytest.fixture(scope="session")
def forks() -> Iterator[Zygote]:
    with zygote() as one:
        yield one


@pytest.fixture
def stage(database: str, forks: Zygote, tmp_path: Path) -> Stage:
    return Stage(database, forks, tmp_path)
