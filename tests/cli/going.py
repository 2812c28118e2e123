"""A command that goes on, as a test holds it: as a `subprocess.Popen` with pipes, but forked by another process."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import IO, Any, Protocol, Self

NUMBER_BYTES = 8


class Process(Protocol):
    """What `Going` and `subprocess.Popen` have in common."""

    def poll(self) -> int | None: ...

    def communicate(self) -> tuple[Any, Any]: ...


class Pipes:
    """The ends of a command's streams: ours are to be read and written, theirs go to the command."""

    def __init__(self, stdin: int) -> None:
        self.stdin: int | None = None
        if stdin == subprocess.PIPE:
            given, self.stdin = os.pipe()
        elif stdin == subprocess.DEVNULL:
            given = os.open(os.devnull, os.O_RDONLY)
        else:
            given = os.dup(stdin)
        self.stdout, out = os.pipe()
        self.stderr, err = os.pipe()
        self._theirs = [given, out, err]

    @contextlib.contextmanager
    def theirs(self) -> Iterator[list[int]]:
        """What is handed on; afterwards only the command has it."""
        try:
            yield self._theirs
        finally:
            for end in self._theirs:
                os.close(end)


class Going:
    """One command. Leaving the context makes sure that it is gone.

    Attributes:
        pid: Its own as long as it has not ended.
        returncode: Once its end was looked at; below 0 for the signal that ended it.
    """

    def __init__(self, arguments: Sequence[str], teller: socket.socket, pipes: Pipes) -> None:
        self.args = list(arguments)
        self.returncode: int | None = None
        self._teller = teller
        self._stdin = None if pipes.stdin is None else os.fdopen(pipes.stdin, "wb")
        self.stdout: IO[str] = os.fdopen(pipes.stdout, encoding="utf-8")
        self.stderr: IO[str] = os.fdopen(pipes.stderr, encoding="utf-8")
        self.pid = self._told()

    def poll(self) -> int | None:
        if self.returncode is None and select.select([self._teller], [], [], 0)[0]:
            self.returncode = self._told()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code.

        Raises:
            subprocess.TimeoutExpired: it goes on.
        """
        if self.returncode is None:
            if not select.select([self._teller], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            self.returncode = self._told()
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it writes from now on, up to its end.

        Raises:
            subprocess.TimeoutExpired: it goes on.
        """
        with ThreadPoolExecutor(2) as threads:
            said = [threads.submit(stream.read) for stream in (self.stdout, self.stderr)]
            self._end_within(timeout)
            return said[0].result(), said[1].result()

    def talk(self, stdin: bytes, timeout: float) -> tuple[bytes, bytes]:
        """What it writes, as it is, after it has got this on standard input.

        Raises:
            subprocess.TimeoutExpired: it was killed.
        """
        with ThreadPoolExecutor(3) as threads:
            threads.submit(self._write, stdin)
            said = [threads.submit(_rest, stream) for stream in (self.stdout, self.stderr)]
            self._end_within(timeout)
            return said[0].result(), said[1].result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self.wait()
        for stream in (self._stdin, self.stdout, self.stderr, self._teller):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()

    def _end_within(self, timeout: float | None) -> None:
        """Else kill it, so that whoever reads what it writes comes to an end."""
        try:
            self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def _write(self, content: bytes) -> None:
        assert self._stdin is not None
        with contextlib.suppress(BrokenPipeError), self._stdin:
            self._stdin.write(content)

    def _told(self) -> int:
        told = self._teller.recv(NUMBER_BYTES)
        if not told:
            raise RuntimeError("the process that commands are forked from has ended")
        return int.from_bytes(told, signed=True)


def _rest(stream: IO[str]) -> bytes:
    with os.fdopen(os.dup(stream.fileno()), "rb") as plain:
        return plain.read()
