"""Every Python block of the pages runs on a Postgres of the tests' own: a fresh database for each page.

The README and the quickstart promise that none has to be there: they get the embedded one.
"""

from __future__ import annotations

import pytest

from tests.docs.pages import DOCS, README

EMBEDDED = (README, DOCS / "quickstart.md")


@pytest.fixture
def own_database(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.callspec.params["page"] in EMBEDDED:
        request.getfixturevalue("own_server")
    else:
        monkeypatch.setenv("QUORUM_DSN", request.getfixturevalue("database"))


@pytest.fixture
def own_server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUORUM_DATA", str(request.getfixturevalue("server_folder")))
    monkeypatch.delenv("QUORUM_DSN", raising=False)
