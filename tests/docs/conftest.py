"""Every Python block of the README and the docs runs, with an embedded Postgres of the tests' own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_data_folder(monkeypatch: pytest.MonkeyPatch, server_folder: Path) -> None:
    monkeypatch.setenv("QUORUM_DATA", str(server_folder))
    monkeypatch.delenv("QUORUM_DSN", raising=False)
