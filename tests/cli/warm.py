"""The command in a process that has imported everything before: one is kept, and each command is a fork of it.

Most of a short command's time goes into imports, and there are hundreds of commands here. A fork is a process of its
own, with its own arguments, folder, environment and streams, and ends as any other. Importing at start is the matter of
`test_entry.py`.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_REQUEST_BYTES = 2**17
_PIPES = 3
_NUMBER_BYTES = 8
_STARTS_WITHIN_S = 60.0
_IMPORTED = (
    "langgraph_quorum.graphs.document_analysis",
    "langgraph_quorum.orchestration.cli.app",
    "langgraph_quorum.orchestration.cli.rendering.standing",
    "langgraph_quorum.orchestration.orchestrator",
    "langgraph_quorum.orchestration.persistence.embedded",
    "psycopg_binary",
    "rich.live",
    "sklearn.decomposition",
    "sklearn.feature_extraction.text",
)


class Warm:
    """Runs commands as forks of one process, one after another: one that goes on meanwhile is started by itself."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control

    def run(
        self, arguments: Sequence[str], *, folder: Path, environ: Mapping[str, str], stdin: bytes, timeout_s: float
    ) -> subprocess.CompletedProcess[bytes]:
        """Run the command to its end, or kill it when its time is up.

        Raises:
            subprocess.TimeoutExpired: it was killed.
        """
        given, out, err = os.pipe(), os.pipe(), os.pipe()
        ours, theirs = socket.socketpair()
        with ours, ThreadPoolExecutor(_PIPES) as threads:
            request = json.dumps({"arguments": list(arguments), "folder": str(folder), "environ": dict(environ)})
            socket.send_fds(self._control, [request.encode()], [given[0], out[1], err[1], theirs.fileno()])
            theirs.close()
            for end in (given[0], out[1], err[1]):
                os.close(end)
            threads.submit(_write, given[1], stdin)
            told = [threads.submit(_read, end) for end in (out[0], err[0])]
            ours.settimeout(_STARTS_WITHIN_S)
            pid = _number(ours)
            ours.settimeout(timeout_s)
            try:
                code = _number(ours)
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(list(arguments), timeout_s) from None
            return subprocess.CompletedProcess(list(arguments), code, *(text.result() for text in told))


@contextlib.contextmanager
def warm(environ: Mapping[str, str]) -> Iterator[Warm]:
    """Keep a process that has imported everything, for as long as the block lasts.

    Args:
        environ: What the interpreter is started with.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        command = (sys.executable, "-m", "tests.cli.warm", str(theirs.fileno()))
        keeper = subprocess.Popen(
            command,
            cwd=_ROOT,
            env=dict(environ),
            pass_fds=[theirs.fileno()],
            stdin=subprocess.PIPE,  # pipes, as each command has them: the interpreter looks at its streams at its start
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    with ours:
        yield Warm(ours)
    _, said = keeper.communicate()
    if keeper.returncode:
        raise RuntimeError(said.decode())


def _number(teller: socket.socket) -> int:
    told = teller.recv(_NUMBER_BYTES)
    if not told:
        raise RuntimeError("the process that commands are forked from has ended")
    return int.from_bytes(told, signed=True)


def _write(end: int, content: bytes) -> None:
    with os.fdopen(end, "wb") as stream, contextlib.suppress(BrokenPipeError):
        stream.write(content)


def _read(end: int) -> bytes:
    with os.fdopen(end, "rb") as stream:
        return stream.read()


def _serve(control: socket.socket) -> None:
    """Fork for every request, and tell how that has ended; returns in the fork, as the process that was asked for."""
    while True:
        request, ends, _, _ = socket.recv_fds(control, _REQUEST_BYTES, _PIPES + 1)
        if not request:
            sys.exit()
        *streams, told = ends
        pid = os.fork()
        if not pid:
            os.close(told)
            control.close()
            return _become(json.loads(request), streams)
        for end in streams:
            os.close(end)
        with socket.socket(fileno=told) as teller, contextlib.suppress(BrokenPipeError):  # once its time was up
            teller.send(pid.to_bytes(_NUMBER_BYTES, signed=True))
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            teller.send(code.to_bytes(_NUMBER_BYTES, signed=True))


def _become(request: Mapping[str, object], streams: Sequence[int]) -> None:
    for number, end in enumerate(streams):
        os.dup2(end, number)
        os.close(end)
    os.chdir(str(request["folder"]))
    os.environ.clear()
    os.environ.update(request["environ"])  # type: ignore[call-overload]
    sys.argv = ["quorum", *request["arguments"]]  # type: ignore[misc]
    signal.signal(signal.SIGINT, signal.default_int_handler)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for pytest
    for name in _IMPORTED:
        importlib.import_module(name)
    gc.freeze()  # else a fork copies all of it, to look through it when it ends
    _serve(socket.socket(fileno=int(sys.argv[1])))
    from langgraph_quorum.orchestration.cli.entry import main

    sys.exit(main())
