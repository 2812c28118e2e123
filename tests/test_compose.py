"""The Postgres of docker-compose.yml is pinned, watched, kept, private to this machine, without built-in password."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest
from compose_spec import PyCompose, parse_duration

FILE = Path(__file__).parent.parent / "docker-compose.yml"
VARIABLE = re.compile(r"\$\{(?P<name>\w+):(?P<kind>[-?])(?P<rest>[^}]*)\}")


def interpolated(environ: Mapping[str, str]) -> str:
    """The file after variables are put in, which compose does before it parses."""

    def value(match: re.Match[str]) -> str:
        if environ.get(match["name"]):
            return environ[match["name"]]
        if match["kind"] == "?":
            raise KeyError(match["rest"])
        return match["rest"]

    return VARIABLE.sub(value, FILE.read_text(encoding="utf-8"))


@pytest.fixture
def compose() -> PyCompose:
    parsed = PyCompose.from_yaml(interpolated({"QUORUM_DB_PASSWORD": "secret"}))
    parsed.validate()
    return parsed


@pytest.fixture
def postgres(compose: PyCompose) -> dict[str, Any]:
    assert compose.service_names() == ["postgres"]
    service: dict[str, Any] = compose.to_dict()["services"]["postgres"]
    return service


def test_the_image_is_the_official_one_pinned_to_a_minor_version(postgres: dict[str, Any]) -> None:
    assert re.fullmatch(r"postgres:\d+\.\d+", postgres["image"])


def test_it_is_of_the_major_version_of_the_embedded_server_so_that_runs_can_be_moved_there(
    postgres: dict[str, Any], dsn: str
) -> None:
    with psycopg.connect(dsn) as embedded:
        major = embedded.info.server_version // 10_000
    assert postgres["image"].startswith(f"postgres:{major}.")


def test_without_a_password_nothing_starts_and_the_message_names_the_variable() -> None:
    with pytest.raises(KeyError, match="set QUORUM_DB_PASSWORD"):
        interpolated({})


def test_the_password_comes_from_the_environment(postgres: dict[str, Any]) -> None:
    assert postgres["environment"]["POSTGRES_PASSWORD"] == "secret"
    assert "POSTGRES_HOST_AUTH_METHOD" not in postgres["environment"]


def test_the_port_is_bound_to_this_machine_only(postgres: dict[str, Any]) -> None:
    assert postgres["ports"] == ["127.0.0.1:5432:5432"]


def test_another_port_can_be_chosen() -> None:
    assert '"127.0.0.1:6000:5432"' in interpolated({"QUORUM_DB_PASSWORD": "secret", "QUORUM_DB_PORT": "6000"})


def test_the_data_is_kept_in_a_named_volume(compose: PyCompose, postgres: dict[str, Any]) -> None:
    (volume,) = postgres["volumes"]
    assert volume == "quorum-data:/var/lib/postgresql"
    assert list(compose.to_dict()["volumes"]) == ["quorum-data"]


def test_it_counts_as_healthy_once_it_takes_connections(postgres: dict[str, Any]) -> None:
    check = postgres["healthcheck"]
    assert check["test"].startswith("pg_isready --host=127.0.0.1 ")
    assert parse_duration(check["timeout"]) <= parse_duration(check["interval"])
    assert check["retries"] > 1


def test_it_comes_back_after_a_restart_and_has_shared_memory_for_parallel_queries(postgres: dict[str, Any]) -> None:
    assert postgres["restart"] == "unless-stopped"
    assert re.fullmatch(r"(256mb|268435456)", str(postgres["shm_size"]).lower())
