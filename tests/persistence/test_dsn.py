"""Which database is meant, and that its password is never shown."""

import pytest

from langgraph_quorum.orchestration.persistence.dsn import address, redact, resolve_dsn, scrub
from langgraph_quorum.state.errors import ConfigurationError


def test_the_caller_wins_over_the_environment_and_that_over_the_embedded_server() -> None:
    environ = {"QUORUM_DSN": "postgresql://variable/db"}
    assert resolve_dsn("postgresql://argument/db", environ).source == "argument"
    assert resolve_dsn(None, environ).text == "postgresql://variable/db"
    assert resolve_dsn(None, {"QUORUM_DSN": "  "}).source == "embedded"
    assert resolve_dsn(None, {}).text is None


@pytest.mark.parametrize(
    "dsn",
    [
        "",
        "nonsense",
        "sqlite:///runs.db",
        "mysql://me:hunter2@host/db",
        "postgresql+asyncpg://me:hunter2@host/db",
        "postgresql://me:hunter2@evil@host/db",  # an @ in the password makes the rest of it the host
        "postgresql://me:hunter2/x@host/db",  # a / in the password ends the host
        "postgresql://me:12/hunter2@host/db",  # what stands before it could be a port
        "postgres://me:12/hunter2@x@host/db?sslmode=require",
        "postgresql://me:hunter2%zz@host/db",
        "postgresql://me:hunter2@host:99999/db",
    ],
)
def test_nonsense_is_refused_without_repeating_any_of_it(dsn: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        resolve_dsn(dsn, {})
    assert "hunter2" not in str(refused.value)
    assert "postgresql://user:password@host:port/database" in str(refused.value)


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://me:hunter2@host:5433/db?sslmode=require",
        "host=host port=5433 user=me password=hunter2 dbname=db",
        "postgresql://host/db?password=hunter2&sslpassword=hunter2",
    ],
)
def test_a_shown_dsn_holds_everything_but_its_secrets(dsn: str) -> None:
    shown = redact(dsn)
    assert "hunter2" not in shown
    assert "host=host" in shown
    assert "password=***" in shown
    assert "hunter2" not in repr(resolve_dsn(dsn, {}))
    assert resolve_dsn(dsn, {}).shown == shown


def test_a_database_may_have_an_at_in_its_name() -> None:
    assert "db@home" in redact(resolve_dsn("postgresql://me:hunter2@host/db@home", {}).text or "")
    assert resolve_dsn("postgresql://host/db%40home", {}).source == "argument"


def test_what_cannot_be_parsed_is_not_shown_at_all() -> None:
    assert "hunter2" not in redact("postgresql://me:hunter2@@@:x/")
    assert "hunter2" not in scrub("hunter2 was wrong", "nonsense hunter2")


def test_a_message_is_put_on_one_line_and_loses_the_secrets_of_its_dsn() -> None:
    assert scrub("no\n entry for h%2", "postgresql://me:h%252@host/db") == "no entry for ***"


@pytest.mark.parametrize(
    ("secret", "text", "scrubbed"),
    [
        ("p", "is it accepting p, or 'p'?", "is it accepting ***, or '***'?"),
        ("cept", "accepting cept", "accepting ***"),
        ("hunter", "xhunterx hunter", "x***x ***"),
        ("a.c", "abc a.c", "abc ***"),
        ("***", "*** a", "*** a"),
    ],
)
def test_a_short_secret_is_not_given_away_by_the_word_it_is_cut_out_of(secret: str, text: str, scrubbed: str) -> None:
    assert scrub(text, f"host=h password={secret}") == scrubbed


def test_a_secret_inside_another_does_not_uncover_it() -> None:
    assert scrub("hunter2-long hunter2", "host=h password=hunter2 sslpassword=hunter2-long") == "*** ***"


def test_an_address_names_every_host_with_its_port() -> None:
    assert address("postgresql://a:1,b:2/db") == "a:1, b:2"
    assert address("host=a,b port=7") == "a:7, b:7"
    assert address("dbname=db") == "the local socket:5432"


def test_an_address_is_the_one_that_libpq_takes_where_the_dsn_names_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "far.example")
    monkeypatch.setenv("PGPORT", "7")
    assert address("dbname=db") == "far.example:7"
    assert address("host=near dbname=db") == "near:7"
    assert address("service=mine") == "the service 'mine'"
