"""The children as the tests hold them: forked from the zygote, or started cold."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import psutil

ROOT = Path(__file__).parents[2]
ANSWERS_WITHIN_S = 60.0
PAUSE_S = 0.002


@dataclass(frozen=True)
class Child:
    """One process. It is not reaped before `reap`, so its pid is its own until then."""

    pid: int
    output: Path
    reap: Callable[[], int]
    """Waits for its end and gives its exit code, -9 after a kill."""

    @property
    def ended(self) -> bool:
        return psutil.Process(self.pid).status() == psutil.STATUS_ZOMBIE

    def ends_within(self, seconds: float) -> bool:
        """Wait for its end, but no longer than that; whether it has ended."""
        if sys.platform != "linux":
            return _looked_at(self, seconds)
        told = os.pidfd_open(self.pid)  # of use to others than its parent, and awake only when it ends
        try:
            return bool(select.select([told], [], [], seconds)[0])
        finally:
            os.close(told)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)


def _looked_at(child: Child, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not child.ended and time.monotonic() < until:
        time.sleep(PAUSE_S)
    return child.ended


class Start(Protocol):
    """Starts a child with arguments of `tests.crashes.child`; what it prints goes to `output`."""

    def __call__(self, arguments: Sequence[str], output: Path) -> Child: ...


class Zygote:
    """Forks children, see `tests.crashes.zygote`. Any thread may ask for one."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process, self._asking = process, threading.Lock()
        assert self._answer() == {"threads": 1}

    def __call__(self, arguments: Sequence[str], output: Path) -> Child:
        pid = self._ask({"arguments": list(arguments), "output": str(output)})["pid"]
        return Child(pid, output, lambda: int(self._ask({"reap": pid})["code"]))

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        with self._asking:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        ready, _, _ = select.select([self._process.stdout], [], [], ANSWERS_WITHIN_S)
        assert ready, "the zygote does not answer"
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@contextmanager
def zygote(module: str = "tests.crashes.child") -> Iterator[Zygote]:
    """A zygote that lives as long as the context; its children run the `main` of `module`."""
    command = [sys.executable, "-m", "tests.crashes.zygote", module]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        yield Zygote(process)  # leaving closes its input, which ends it


def cold(arguments: Sequence[str], output: Path) -> Child:
    """A child that shares nothing with any process before it."""
    command = [sys.executable, "-m", "tests.crashes.child", *arguments]
    with output.open("w") as written:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.STDOUT, cwd=ROOT
        )
    return Child(process.pid, output, process.wait)
