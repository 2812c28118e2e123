"""Where trials take place: a database, a zygote, and for each trial a thread and a folder."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.crashes.judging import told
from tests.crashes.ledger import Line, read
from tests.crashes.processes import Child, Zygote
from tests.drivers.child import Order

WITHIN_S = 40.0
PAUSE_S = 0.005

_STORED = """
SELECT 'checkpoint', count(*), bit_xor(hashtext(t::text)) FROM checkpoints AS t WHERE thread_id = %(thread)s
UNION ALL SELECT 'blob', count(*), bit_xor(hashtext(t::text)) FROM checkpoint_blobs AS t WHERE thread_id = %(thread)s
UNION ALL SELECT 'write', count(*), bit_xor(hashtext(t::text)) FROM checkpoint_writes AS t WHERE thread_id = %(thread)s
UNION ALL SELECT 'run', count(*), bit_xor(hashtext(t::text)) FROM quorum.runs AS t WHERE thread_id = %(thread)s
ORDER BY 1
"""


@dataclass
class Driver:
    """One process that drives, as its parent sees it."""

    child: Child
    reaping: threading.Lock
    said: dict[str, Any] | None = None

    def stop(self) -> None:
        """It stands still from now on, whatever it was about to do."""
        self.child.signal(signal.SIGSTOP)

    def wake(self) -> None:
        self.child.signal(signal.SIGCONT)

    def answer(self) -> dict[str, Any]:
        """What it says at its end: its outcome or its error."""
        if self.said is None:
            wait(lambda: self.child.ended, self._printed)
            assert self._reap() == 0, self._printed()
            self.said = json.loads(self._printed().splitlines()[-1])
        return self.said

    def kill(self) -> None:
        """End it, where it has not been seen to end."""
        if self.said is None:
            self.said = {"error": "killed"}
            self.child.signal(signal.SIGKILL)
            wait(lambda: self.child.ended, self._printed)
            self._reap()

    def _reap(self) -> int:
        with self.reaping:
            return self.child.reap()

    def _printed(self) -> str:
        return self.child.output.read_text()


@dataclass
class Trial:
    """One thread, the drivers that quarrel over it, and what Postgres holds of it."""

    dsn: str
    thread: str
    folder: Path
    forks: Zygote
    forking: threading.Lock
    connection: psycopg.Connection
    drivers: list[Driver] = field(default_factory=list)

    def driver(self, *, ttl_s: float = 15.0, **settings: Any) -> Driver:
        """Start one more driver."""
        order = Order(self.dsn, self.thread, str(self.folder), ttl_s, **settings)
        with self.forking:
            child = self.forks([json.dumps(asdict(order))], self.folder / f"{len(self.drivers)}.out")
        self.drivers.append(Driver(child, self.forking))
        return self.drivers[-1]

    def touch(self, name: str) -> None:
        """Make the file `go` or `gate`, for which drivers wait."""
        (self.folder / name).touch()

    def wait_for_file(self, name: str) -> None:
        """Wait for a file that a driver makes."""
        wait((self.folder / name).exists, self._printed)

    def lines(self) -> list[Line]:
        """What the drivers' specialists have done."""
        return read(self.folder / "ledger")

    def started(self, driver: Driver, key: str) -> bool:
        """Whether a driver has begun with this branch."""
        return any((line.pid, line.kind, line.key) == (driver.child.pid, "start", key) for line in self.lines())

    def lease(self) -> tuple[int, float]:
        """The token, and the seconds that are left by the database's clock; (0, 0) for a thread never driven."""
        row = self.connection.execute(
            "SELECT token, extract(epoch FROM expires_at)::float8 - extract(epoch FROM clock_timestamp())::float8"
            " FROM quorum.leases WHERE thread_id = %s",
            (self.thread,),
        ).fetchone()
        return (0, 0.0) if row is None else (row[0], row[1])

    def wait_for_token(self, token: int) -> None:
        """Wait until a driver holds the thread under this token or a later one."""
        wait(lambda: self.lease()[0] >= token, self._printed)

    def wait_for_expiry(self) -> None:
        """Wait until the lease has run out."""
        wait(lambda: self.lease()[1] <= 0, self._printed)

    def wait_for_start(self, driver: Driver, key: str) -> None:
        """Wait until a driver has begun with a branch."""
        wait(lambda: self.started(driver, key) or driver.child.ended, self._printed)

    def move_clock(self, seconds: float) -> None:
        """What a lease looks like when the database's clock jumps so far ahead; backwards below 0."""
        self.connection.execute(
            "UPDATE quorum.leases SET expires_at = expires_at - make_interval(secs => %s) WHERE thread_id = %s",
            (seconds, self.thread),
        )

    def stored(self) -> list[tuple[str, int, int]]:
        """A fingerprint of all that Postgres holds of the thread's run."""
        return self.connection.execute(_STORED, {"thread": self.thread}).fetchall()

    def _printed(self) -> str:
        return "\n".join(driver.child.output.read_text() for driver in self.drivers)


@dataclass(frozen=True)
class Stage:
    """A migrated database, a zygote of `tests.drivers.child`, and a folder."""

    dsn: str
    forks: Zygote
    folder: Path
    forking: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def trial(self, name: str) -> Iterator[Trial]:
        """A thread of its own. Whatever drives it at the end is killed."""
        folder = self.folder / name
        folder.mkdir()
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            trial = Trial(self.dsn, name, folder, self.forks, self.forking, connection)
            try:
                yield trial
            finally:
                for driver in trial.drivers:
                    driver.kill()

    def undisturbed(self) -> dict[str, Any]:
        """What the run comes to when one driver has it to itself; migrates the database on the way."""
        folder = self.folder / "undisturbed"
        folder.mkdir()
        (folder / "gate").touch()
        order = Order(self.dsn, "undisturbed", str(folder), 15.0)
        driver = Driver(self.forks([json.dumps(asdict(order))], folder / "out"), self.forking)
        try:
            return told(driver.answer()["outcome"])
        finally:
            driver.kill()


def wait(happened: Callable[[], bool], printed: Callable[[], str] = lambda: "") -> None:
    """Wait until something has happened, and not for ever."""
    deadline = time.monotonic() + WITHIN_S
    while not happened():
        assert time.monotonic() < deadline, f"it did not happen in time: {printed()}"
        time.sleep(PAUSE_S)
