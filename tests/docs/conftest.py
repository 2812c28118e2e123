"""Every Python block of the README and the docs runs, with an embedded Postgres of the tests' own."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def own_data_folder(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("QUORUM_DATA", str(tmp_path_factory.mktemp("data")))
    monkeypatch.delenv("QUORUM_DSN", raising=False)
