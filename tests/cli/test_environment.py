"""When the environment fails: exit code 4, one clear line, and no password anywhere."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from tests.cli.conftest import COMMAND, NOWHERE, Quorum, one_complaint


@pytest.mark.parametrize("command", [["run", "analyse", "pep.rst"], ["runs"], ["show", "t"], ["resume", "t"]])
def test_a_database_that_does_not_answer_is_named(quorum: Quorum, command: list[str]) -> None:
    done = quorum(*command, "--dsn", NOWHERE)

    assert (done.returncode, done.stdout) == (4, "")
    assert "Postgres at 127.0.0.1:1 does not answer" in one_complaint(done.stderr)
    assert "check that it runs, and host and port of the DSN" in done.stderr


def test_the_database_of_the_environment_is_used(quorum: Quorum) -> None:
    done = quorum("runs", environ={"QUORUM_DSN": NOWHERE})

    assert done.returncode == 4
    assert "127.0.0.1:1" in one_complaint(done.stderr)


def test_the_database_of_the_file_is_used_and_a_wrong_file_is_named(quorum: Quorum) -> None:
    (quorum.folder / "right.toml").write_text(f"dsn = '{NOWHERE}'\n", encoding="utf-8")
    (quorum.folder / "wrong.toml").write_text(f"dns = '{NOWHERE}'\n", encoding="utf-8")

    right = quorum("runs", environ={"QUORUM_CONFIG": "right.toml"})
    wrong = quorum("runs", "--dsn", NOWHERE, environ={"QUORUM_CONFIG": "wrong.toml"})

    assert (right.returncode, wrong.returncode) == (4, 2)
    assert "127.0.0.1:1" in one_complaint(right.stderr)
    assert one_complaint(wrong.stderr).endswith("'wrong.toml': there is no setting 'dns': did you mean 'dsn'?")


@pytest.fixture
def limited_role(dsn: str, database: str) -> Iterator[str]:
    """A DSN of a role that may connect, and nothing else."""
    role = f"limited_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'hidden-secret'".encode())
        yield make_conninfo(database, user=role, password="hidden-secret")
        admin.execute(f"DROP ROLE {role}".encode())


def test_a_role_without_rights_is_told_which_it_lacks(quorum: Quorum, limited_role: str) -> None:
    done = quorum("run", "analyse", "pep.rst", "--dsn", limited_role)

    assert (done.returncode, done.stdout) == (4, "")
    assert "permission denied for schema public" in one_complaint(done.stderr)


def test_the_data_folder_must_be_one_that_can_be_used(quorum: Quorum) -> None:
    (quorum.folder / "taken").write_text("a file, not a folder", encoding="utf-8")

    done = quorum("run", "analyse", "pep.rst", environ={"QUORUM_DATA": str(quorum.folder / "taken")})

    assert (done.returncode, done.stdout) == (4, "")
    assert "cannot be used (Not a directory): set QUORUM_DATA to a folder you may write to" in done.stderr


TOO_SMALL = """
mount -t tmpfs -o size=64m tmpfs "$QUORUM_DATA"
exec "$@"
"""
FILLED_MEANWHILE = f"""
mount -t tmpfs -o size=400m tmpfs "$QUORUM_DATA"
exec {sys.executable} {Path(__file__).with_name("fill_disk.py")} "$@"
"""


def in_its_own_mounts(script: str, quorum: Quorum, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script where what it mounts on the data folder is seen by itself only, and is gone afterwards."""
    data = quorum.folder / "data"
    data.mkdir(mode=0o755)
    user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
    return subprocess.run(
        ["unshare", *user, "--mount", "sh", "-ec", script, "sh", *COMMAND, *arguments],
        capture_output=True,
        cwd=quorum.folder,
        env={**quorum.environ, "QUORUM_DATA": str(data)},
        timeout=100,
        text=True,
        check=False,
    )


@pytest.mark.skipif(sys.platform != "linux", reason="small disks are made with Linux's mount namespaces")
def test_a_disk_without_room_for_a_database_is_refused(quorum: Quorum) -> None:
    done = in_its_own_mounts(TOO_SMALL, quorum, "run", "analyse", "pep.rst")

    assert (done.returncode, done.stdout) == (4, "")
    assert "MB are free on the disk of" in one_complaint(done.stderr)
    assert "make room (at least 104 MB), or set QUORUM_DATA to another disk" in done.stderr


@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="an embedded server on a disk of its own takes Linux and root"
)
def test_a_disk_that_fills_up_under_the_server_is_named(quorum: Quorum) -> None:
    done = in_its_own_mounts(FILLED_MEANWHILE, quorum, "run", "analyse", "pep.rst")

    assert (done.returncode, done.stdout) == (4, ""), done.stderr
    assert "the disk of the database is full: make room on it" in done.stderr
    assert "Traceback" not in done.stderr
