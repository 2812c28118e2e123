"""Standard output and standard error, when they cannot show a character or nobody reads them any more."""

from __future__ import annotations

import os
import sys


def never_fail_on_encoding() -> None:
    """On a terminal that cannot show a character, show it escaped."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def forget_stdout() -> None:
    """Whoever read us has gone (`quorum show t1 | head`): what is still to be written goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
