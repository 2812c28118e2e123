"""A warm process that forks the children: Python and LangGraph take 1.5 s to start, a fork takes milliseconds.

It has no thread and no event loop, so that a fork of it is as good as a new process. It reads orders and writes
answers, one line of JSON each; it ends, with its children, when nobody can give orders any more.

`python -m tests.crashes.zygote <module>`: its children run the `main` of that module with the arguments of the order.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from typing import Any

Main = Callable[[Sequence[str]], None]


def main(module: str) -> None:
    child: Main = importlib.import_module(module).main
    gc.freeze()
    alive: set[int] = set()
    _say({"threads": threading.active_count()})
    while order := sys.stdin.readline():
        _say(_obeyed(json.loads(order), alive, child))
    for pid in alive:
        os.kill(pid, signal.SIGKILL)


def _say(answer: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _obeyed(order: dict[str, Any], alive: set[int], child: Main) -> dict[str, int]:
    if "reap" in order:
        alive.discard(order["reap"])
        return {"code": os.waitstatus_to_exitcode(os.waitpid(order["reap"], 0)[1])}
    pid = os.fork()
    if not pid:
        _become(child, order["arguments"], order["output"])
    alive.add(pid)
    return {"pid": pid}


def _become(child: Main, arguments: list[str], output: str) -> None:
    """Be a child and end, whatever happens."""
    code = 1
    try:
        written = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for ours, theirs in ((nothing, 0), (written, 1), (written, 2)):
            os.dup2(ours, theirs)
        child(arguments)
        code = 0
    except BaseException:  # noqa: BLE001  nothing may go up into the loop of the zygote
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1])
