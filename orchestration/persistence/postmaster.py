"""Starting and stopping the server of one data folder, whatever state the last one left it in."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import signal
import stat
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from langgraph_quorum.orchestration.persistence.binaries import PostgresPrograms
from langgraph_quorum.orchestration.persistence.processes import is_zombie
from langgraph_quorum.state.errors import DatabaseError

_SOCKET = ".s.PGSQL.5432"
_SOCKET_PATH_LIMIT_BYTES = 103  # macOS; Linux has 107
_STATUS_LINE, _SOCKET_LINE = 7, 4  # of postmaster.pid
_START_S = 60.0
_STOP_S = 30.0
_ORPHANS_S = 3.0  # backends notice within moments that their postmaster is gone, unless they are busy
_POLL_S = 0.02


@dataclass(frozen=True)
class PidFile:
    """What a server writes into `postmaster.pid`; it grows line by line while the server starts.

    Attributes:
        pid: The postmaster's process id.
        socket_folder: Where its socket is; None while it has not got that far.
        status: `starting`, `ready`, `standby`, `stopping`, or empty.
    """

    pid: int
    socket_folder: Path | None
    status: str


def ensure_created(data: Path, programs: PostgresPrograms) -> None:
    """Create the database files once; a creation that was killed half way leaves nothing behind.

    Raises:
        ProgramFailedError: `initdb` failed.
    """
    if (data / "PG_VERSION").exists():
        return
    fresh = data.with_name(data.name + ".new")
    if fresh.exists():
        shutil.rmtree(fresh)
    fresh.mkdir(mode=0o700)
    programs.own(fresh)
    # The locale is fixed: that of the caller's environment may be missing or clash with UTF-8.
    arguments = ["--auth=trust", "--encoding=UTF8", "--locale=C", "-U", "postgres", "-D", "."]
    programs.run("initdb", arguments, timeout_s=_START_S, folder=fresh)
    fresh.rename(data)


def ensure_started(data: Path, programs: PostgresPrograms) -> Path:
    """Start the server unless it runs already, and return the folder of its socket.

    Raises:
        ProgramFailedError: `pg_ctl` failed.
        DatabaseError: An earlier server neither gets ready nor ends.
    """
    found = _read_pid_file(data)
    if found is not None and _serves(found.pid, data) and (folder := _await_ready(data)):
        return folder
    _end_orphans(data)
    if found is not None:
        _reap(found.pid)
    socket_folder = _socket_folder(data, programs)
    for stale in (data / "postmaster.pid", socket_folder / _SOCKET, socket_folder / f"{_SOCKET}.lock"):
        stale.unlink(missing_ok=True)
    # pg_ctl pastes its paths into a shell command: from inside the folder there is nothing to paste.
    server_options = f"-h '' -p 5432 -k {shlex.quote(str(socket_folder))}"
    arguments = ["-D", ".", "-l", "server.log", "-o", server_options, "-w", "-t", str(round(_START_S)), "start"]
    programs.run("pg_ctl", arguments, timeout_s=_START_S + 5, folder=data)
    return socket_folder


def stop(data: Path, programs: PostgresPrograms) -> None:
    """Stop the server if it runs, breaking off what its clients do.

    Raises:
        ProgramFailedError: It could not be stopped.
    """
    found = _read_pid_file(data)
    if found is None or not _serves(found.pid, data):
        return
    arguments = ["-D", ".", "-m", "fast", "-w", "-t", str(round(_STOP_S)), "stop"]
    programs.run("pg_ctl", arguments, timeout_s=_STOP_S + 5, folder=data)


def living_servers(data: Path) -> list[psutil.Process]:
    """Every Postgres process at work on `data`, the postmaster and its backends."""
    return [process for process in psutil.process_iter() if _serves(process.pid, data)]


def last_words(data: Path) -> str:
    """The last fatal line of the server's log, or its last line."""
    try:
        lines = (data / "server.log").read_text(encoding="utf-8", errors="replace").splitlines()[-50:]
    except OSError:
        return ""
    fatal = [line[line.find(word) :] for line in lines for word in ("FATAL", "PANIC") if word in line]
    return (fatal or lines or [""])[-1].strip()


def _read_pid_file(data: Path) -> PidFile | None:
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        pid = int(lines[0])
    except (OSError, IndexError, ValueError):
        return None
    folder = Path(lines[_SOCKET_LINE]) if len(lines) > _SOCKET_LINE and lines[_SOCKET_LINE] else None
    return PidFile(pid, folder, lines[_STATUS_LINE].strip() if len(lines) > _STATUS_LINE else "")


def _serves(pid: int, data: Path) -> bool:
    """Whether `pid` lives and is a Postgres process of this data folder, not another that got its number.

    Backends rename themselves, so their command line tells nothing; but every one works inside its data folder.
    """
    try:
        process = psutil.Process(pid)
        return process.name().startswith("postgres") and not is_zombie(pid) and Path(process.cwd()) == data
    except (psutil.Error, OSError):
        return False


def _await_ready(data: Path) -> Path | None:
    """The socket folder of the running server once it is ready; None when it ends instead."""
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        found = _read_pid_file(data)
        if found is None or not _serves(found.pid, data):
            return None
        if found.status == "ready" and found.socket_folder is not None:
            return found.socket_folder
        time.sleep(_POLL_S)
    raise DatabaseError(
        f"the embedded Postgres of {data} has been starting for {_START_S:.0f} s ({last_words(data)}):"
        f" see {data / 'server.log'}"
    )


def _end_orphans(data: Path) -> None:
    """Wait for backends whose postmaster is gone; while one lives, a new server would corrupt the data."""
    if _until(lambda: not living_servers(data), _ORPHANS_S):
        return
    for process in living_servers(data):
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGQUIT)
    if not _until(lambda: not living_servers(data), _ORPHANS_S):
        pids = ", ".join(str(process.pid) for process in living_servers(data))
        raise DatabaseError(f"processes {pids} of an earlier Postgres still work on {data}: end them, then start again")


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _reap(pid: int) -> None:
    """As pid 1 of a container we are the parent of every orphan, and an unreaped postmaster looks alive."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _socket_folder(data: Path, programs: PostgresPrograms) -> Path:
    """The data folder, or a private one with a short name where the path is too long or libpq would split it."""
    if len(os.fsencode(data / _SOCKET)) <= _SOCKET_PATH_LIMIT_BYTES and "," not in str(data):
        return data
    name = hashlib.sha256(os.fsencode(data)).hexdigest()[:10]
    folder = Path(tempfile.gettempdir()) / f"quorum-{programs.uid}-{name}"
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        programs.own(folder)
    found = folder.lstat()
    # The name can be guessed, so another user may have been there first.
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != programs.uid or found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise DatabaseError(f"{folder} belongs to somebody else: remove it, or set QUORUM_DATA to a shorter path")
    return folder
