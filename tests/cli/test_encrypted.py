"""The command line on an encrypted database: readable with the keys, discreet without them."""

from __future__ import annotations

import json

from langgraph_quorum.orchestration.persistence.keys import KEYS_VARIABLE, generate_key
from tests.cli.conftest import Quorum

RUN = ("run", "analyse", "pep.rst", "--specialist", "linguistic", "--thread", "secret", "--quiet")


def test_with_the_keys_everything_can_be_read_and_without_them_nothing_is_told(quorum: Quorum, database: str) -> None:
    with_keys = Quorum(
        quorum.folder, {**quorum.environ, "QUORUM_DSN": database, KEYS_VARIABLE: generate_key("k")}, quorum.warm
    )
    without = Quorum(quorum.folder, {**quorum.environ, "QUORUM_DSN": database}, quorum.warm)
    assert with_keys(*RUN).returncode in (0, 3)

    (told,) = json.loads(with_keys("runs", "--json").stdout)
    assert told["thread_id"] == "secret"
    assert "pep.rst" in str(told["sources"])
    assert "quality" in with_keys("show", "secret").stdout
    assert "secret" in with_keys("history", "secret", "--json").stdout or with_keys("history", "secret").returncode == 0

    (hidden,) = json.loads(without("runs", "--json").stdout)
    assert hidden["task"] == "(encrypted)"
    assert not hidden["sources"]
    shown = without("show", "secret")
    assert "encrypt" in (shown.stdout + shown.stderr).lower()
    resumed = without("resume", "secret")
    assert resumed.returncode != 0
    assert "QUORUM_ENCRYPTION_KEYS" in resumed.stderr
