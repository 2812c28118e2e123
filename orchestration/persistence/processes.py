"""Which process is meant, and whether it surely no longer lives.

A pid alone is reused; a pid with its start time is not. On Linux the start is read in clock ticks since boot, which
no change of the wall clock moves, and the machine's name carries its boot and pid namespace, so that two containers
of one host name are never taken for each other.
"""

from __future__ import annotations

import hashlib
import os
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

_START_TOLERANCE_S = 2  # outside Linux the start is wall-clock time, which the system may nudge


@dataclass(frozen=True)
class ProcessMark:
    """One process among all that ever ran.

    Attributes:
        host: Host name and, on Linux, a short hash of boot and pid namespace: `build-7~1f0c9a2b`.
        pid: Process id inside that pid namespace.
        started: Linux: clock ticks since boot; elsewhere: whole seconds since the epoch.
    """

    host: str
    pid: int
    started: int

    @property
    def text(self) -> str:
        """`host:pid:started`, the form that is stored."""
        return f"{self.host}:{self.pid}:{self.started}"

    @property
    def described(self) -> str:
        """The mark in words for a person."""
        host = self.host.partition("~")[0]
        if self == this_process():
            return f"this very process ({self.pid} on {host})"
        return f"process {self.pid} on {host}"


def parse_mark(text: str) -> ProcessMark | None:
    """The mark written as `text`; None when it was not written by `ProcessMark.text`."""
    host, _, rest = text.partition(":")
    pid, _, started = rest.partition(":")
    if not (host and pid.isdecimal() and started.isdecimal()):
        return None
    return ProcessMark(host, int(pid), int(started))


def this_process() -> ProcessMark:
    """The mark of the calling process, right after a fork too."""
    pid = os.getpid()
    return ProcessMark(machine(), pid, _started(pid) or 0)


def surely_dead(mark: ProcessMark) -> bool:
    """True only for a process of this machine that is gone, a zombie, or replaced by another under its pid."""
    if mark.host != machine():
        return False
    if not psutil.pid_exists(mark.pid) or is_zombie(mark.pid):
        return True
    started = _started(mark.pid)
    if started is None:  # hidden from us, or it ended in this very moment
        return not psutil.pid_exists(mark.pid)
    tolerance = 0 if psutil.LINUX else _START_TOLERANCE_S
    return abs(started - mark.started) > tolerance


def is_zombie(pid: int) -> bool:
    """Whether the process has ended and only waits to be reaped; False when nothing can be learned about it."""
    try:
        return psutil.Process(pid).status() in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    except psutil.Error:
        return False


@cache
def machine() -> str:
    """This machine's name as used in marks."""
    name = socket.gethostname().replace(":", "-") or "localhost"
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        namespace = Path("/proc/self/ns/pid").readlink()
    except OSError:
        return name
    return f"{name}~{hashlib.sha256(f'{boot}{namespace}'.encode()).hexdigest()[:8]}"


def _started(pid: int) -> int | None:
    try:
        if psutil.LINUX:
            # The command, in parentheses, may itself hold spaces and parentheses; the start is field 22.
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            return int(fields[19])
        return int(psutil.Process(pid).create_time())
    except (OSError, psutil.Error, IndexError, ValueError):
        return None
