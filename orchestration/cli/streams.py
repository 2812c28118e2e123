"""Standard output and standard error, when they cannot show a character, are closed or full, or nobody reads them."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import Buffer

_STDOUT, _STDERR = 1, 2
_UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


class _Forgiving(io.FileIO):
    """Standard error: what is told on the way goes nowhere once it cannot be written, and costs no run."""

    def write(self, data: Buffer, /) -> int:
        """Write, or forget it."""
        try:
            return super().write(data)
        except OSError:
            _forget(self.fileno())
            return memoryview(data).nbytes


def prepare_streams() -> None:
    """Have a character that cannot be shown escaped, and no work ended by what only tells how it goes.

    What was closed before we were started goes nowhere.
    """
    for number, name in ((_STDOUT, "stdout"), (_STDERR, "stderr")):
        if getattr(sys, name) is None:
            _forget(number)  # before a connection gets that number
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    told = sys.__stderr__
    if told is not None and sys.stderr is told and sys.platform != "win32":  # whose console takes no bytes
        raw = _Forgiving(told.fileno(), "w", closefd=False)
        sys.stderr = io.TextIOWrapper(
            io.BufferedWriter(raw), encoding=told.encoding, errors="backslashreplace", line_buffering=True
        )


def forget_stdout() -> None:
    """Whoever read us has gone (`quorum show t1 | head`): what is still to be written goes nowhere."""
    _forget(sys.stdout.fileno())


@contextmanager
def read_or_not() -> Iterator[None]:
    """Print in this block what somebody may not read to its end: the exit code tells what was found all the same."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        forget_stdout()


def why_unwritable(error: OSError) -> str | None:
    """What keeps standard output from being written, in the system's words; None for an error of something else."""
    return error.strerror if error.filename is None and error.errno in _UNWRITABLE else None


def _forget(number: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    if nowhere != number:
        os.dup2(nowhere, number)
        os.close(nowhere)
