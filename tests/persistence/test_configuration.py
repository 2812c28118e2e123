"""Settings from a file: they count where the environment is silent, and what is wrong in it is named, never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from langgraph_quorum.orchestration.artifacts import default_artifacts
from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.configuration import configured
from langgraph_quorum.orchestration.persistence.encryption import environment_sealer
from langgraph_quorum.orchestration.persistence.health import diagnose
from langgraph_quorum.orchestration.persistence.keys import generate_key
from langgraph_quorum.state.errors import ConfigurationError

FILE = "quorum.toml"


def written(folder: Path, text: str) -> dict[str, str]:
    """An environment that names a file with this text."""
    (folder / FILE).write_text(text, encoding="utf-8")
    return {"QUORUM_CONFIG": str(folder / FILE)}


def test_without_a_file_the_environment_is_all_there_is() -> None:
    assert configured({"QUORUM_TENANT": "acme", "QUORUM_CONFIG": ""}) == {"QUORUM_TENANT": "acme", "QUORUM_CONFIG": ""}


def test_the_environment_wins_and_what_is_empty_there_is_taken_from_the_file(tmp_path: Path) -> None:
    environ = written(tmp_path, "tenant = 'of the file'\nschema = 'team_a'\npool_max = 4\n")
    found = configured({**environ, "QUORUM_TENANT": "acme", "QUORUM_SCHEMA": " ", "HOME": "/home"})
    assert found == {
        **environ,
        "QUORUM_TENANT": "acme",
        "QUORUM_SCHEMA": "team_a",
        "QUORUM_POOL_MAX": "4",
        "HOME": "/home",
    }


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("dns = 'hidden-secret'", "there is no setting 'dns': did you mean 'dsn'"),
        ("dsn = postgresql://me:hidden-secret@host/db", "it is not TOML at line 1, column 7: give lines like"),
        ("dsn = ['hidden-secret']", "dsn: give a text in quotes"),
        ("pool_max = 'hidden-secret'\n[dsn]\n", "dsn: give a text in quotes"),
        ("pool_max = true", "pool_max: give a whole number"),
        ("tenant = 7", "tenant: give a text in quotes"),
    ],
)
async def test_what_is_wrong_in_the_file_is_named_and_not_repeated(tmp_path: Path, text: str, mend: str) -> None:
    environ = written(tmp_path, text)
    with pytest.raises(ConfigurationError) as refused:
        configured(environ)
    assert str(refused.value).startswith(f"QUORUM_CONFIG='{tmp_path / FILE}': {mend}")
    diagnosis = await diagnose(environ=environ)
    assert not diagnosis.healthy
    assert mend in diagnosis.problems[0].mend
    assert "hidden-secret" not in f"{refused.value!r} {diagnosis}"


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"tenant = 'caf\xe9'")
    for name, why in (
        ("missing.toml", "No such file"),
        (".", "Is a directory"),
        ("latin.toml", "a TOML file in UTF-8"),
    ):
        with pytest.raises(ConfigurationError, match=why):
            configured({"QUORUM_CONFIG": str(tmp_path / name)})


async def test_a_whole_database_is_opened_as_the_file_says(
    database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = generate_key("k1")
    text = (
        f'dsn = "{database}"\nschema = "team_a"\npool_max = 3\nencryption_keys = "{key}"\nartifact_key = "{key[3:]}"\n'
    )
    environ = written(tmp_path, text)
    for name in ("QUORUM_DSN", "QUORUM_SCHEMA", "QUORUM_POOL_MAX", "QUORUM_ENCRYPTION_KEYS", "QUORUM_ARTIFACT_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QUORUM_CONFIG", environ["QUORUM_CONFIG"])
    async with open_database() as pool:
        assert (pool.schema, pool.settings.max_size) == ("team_a", 3)
        sealer = environment_sealer()
        assert sealer is not None
        assert default_artifacts(pool, sealer) is not None
    diagnosis = await diagnose()
    assert diagnosis.healthy, diagnosis.problems
    assert (diagnosis.config, diagnosis.schema) == (environ["QUORUM_CONFIG"], "team_a")
