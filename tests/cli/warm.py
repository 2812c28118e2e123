"""Commands in processes that have imported everything before: one process is kept, and each command is a fork of it.

Most of a short command's time goes into imports, and there are hundreds of commands here. A fork is a process of its
own, with its own arguments, folder, environment and streams, and ends as any other, except that it leaves the
interpreter standing: a fork would have to copy all of it to take it down. What a cold start and a whole end are like is
the matter of `test_entry.py`.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tests.cli.going import NUMBER_BYTES, Going, Pipes

_ROOT = Path(__file__).parents[2]
_REQUEST_BYTES = 2**17
_STREAMS = 3
_STARTS_WITHIN_S = 60.0
_LOOKS_EVERY_S = 0.01
"""How often the kept process looks whether a command has ended, while one goes on."""
COMMAND = "langgraph_quorum.orchestration.cli.entry"
_IMPORTED = (
    "langgraph_quorum.graphs.document_analysis",
    "langgraph_quorum.nodes.documents.markdown",
    "langgraph_quorum.nodes.documents.restructuredtext",
    "langgraph_quorum.nodes.specialists.document.business",
    "langgraph_quorum.nodes.specialists.document.linguistic",
    "langgraph_quorum.nodes.specialists.document.sentiment",
    "langgraph_quorum.nodes.specialists.document.technical",
    "langgraph_quorum.orchestration.orchestrator",
    "langgraph_quorum.orchestration.persistence.embedded",
    "psycopg_binary",
    "rich.live",
    "sklearn.decomposition",
    "sklearn.feature_extraction.text",
    "tests.orchestration.crews",
)
_ALL_OF = "langgraph_quorum.orchestration.cli"


class Warm:
    """Starts commands as forks of one process."""

    def __init__(self, control: socket.socket) -> None:
        self._control = control

    def start(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        environ: Mapping[str, str],
        stdin: int = subprocess.DEVNULL,
        program: str = COMMAND,
    ) -> Going:
        """Start the command, or another program by the name of its module.

        Args:
            stdin: As for `subprocess.Popen`: a file that is open, `DEVNULL` or `PIPE`.
        """
        pipes = Pipes(stdin)
        teller, theirs = socket.socketpair()
        request = {"program": program, "arguments": list(arguments), "folder": str(folder), "environ": dict(environ)}
        with theirs, pipes.theirs() as streams:
            socket.send_fds(self._control, [json.dumps(request).encode()], [*streams, theirs.fileno()])
        teller.settimeout(_STARTS_WITHIN_S)
        return Going(arguments, teller, pipes)

    def run(
        self, arguments: Sequence[str], *, folder: Path, environ: Mapping[str, str], stdin: bytes, timeout_s: float
    ) -> subprocess.CompletedProcess[bytes]:
        """Run the command to its end, or kill it when its time is up.

        Raises:
            subprocess.TimeoutExpired: it was killed.
        """
        with self.start(arguments, folder=folder, environ=environ, stdin=subprocess.PIPE) as process:
            out, err = process.talk(stdin, timeout_s)
            return subprocess.CompletedProcess(list(arguments), process.wait(), out, err)


@contextlib.contextmanager
def warm(environ: Mapping[str, str]) -> Iterator[Warm]:
    """Keep a process that has imported everything, for as long as the block lasts.

    Args:
        environ: What the interpreter is started with.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        keeper = subprocess.Popen(
            (sys.executable, "-m", "tests.cli.warm", str(theirs.fileno())),
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


def _serve(control: socket.socket) -> str:
    """Fork for every request, and tell how each has ended; gives, in the fork, the program that was asked for."""
    tellers: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([control], [], [], _LOOKS_EVERY_S if tellers else None)
        if ready:
            request, ends, _, _ = socket.recv_fds(control, _REQUEST_BYTES, _STREAMS + 1)
            if not request:
                sys.exit()
            *streams, told = ends
            pid = os.fork()
            if not pid:
                for kept in (control, socket.socket(fileno=told), *tellers.values()):
                    kept.close()
                return _become(json.loads(request), streams)
            for end in streams:
                os.close(end)
            tellers[pid] = socket.socket(fileno=told)
            _tell(tellers[pid], pid)
        for pid in list(tellers):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                with tellers.pop(pid) as teller:
                    _tell(teller, os.waitstatus_to_exitcode(status))


def _tell(teller: socket.socket, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # nobody may be left who asks
        teller.send(number.to_bytes(NUMBER_BYTES, signed=True))


def _become(request: Mapping[str, object], streams: Sequence[int]) -> str:
    for number, end in enumerate(streams):
        os.dup2(end, number)
        os.close(end)
    os.chdir(str(request["folder"]))
    os.environ.clear()
    os.environ.update(request["environ"])  # type: ignore[call-overload]
    program = str(request["program"])
    sys.argv = [program, *request["arguments"]]  # type: ignore[misc]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return program


def _run(program: str) -> None:
    """Run it, end its threads, call what it wants to be called at its end, and end."""
    code = 0
    try:
        runpy.run_module(program, run_name="__main__")
    except SystemExit as end:
        if not isinstance(end.code, int):
            raise
        code = end.code
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    gc.collect()  # what nobody awaited, or has not ended, complains now
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        sys.exit(code)  # what the interpreter makes of it
    os._exit(code)


def _import_all() -> None:
    for name in _IMPORTED:
        importlib.import_module(name)
    for found in pkgutil.walk_packages(importlib.import_module(_ALL_OF).__path__, _ALL_OF + "."):
        if found.name != COMMAND:
            importlib.import_module(found.name)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for pytest
    _import_all()
    gc.freeze()  # else a fork copies all of it, to look through it when it ends
    _run(_serve(socket.socket(fileno=int(sys.argv[1]))))
