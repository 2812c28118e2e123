"""`main`, the console script: runs the command line, and turns every failure into one line and an exit code."""

from __future__ import annotations

import importlib.util
import sys

from langgraph_quorum.orchestration.cli.exits import APPROVED, FAILED, INTERRUPTED, WRONG, code_of_error, complain
from langgraph_quorum.orchestration.cli.logs import listen_to_logs
from langgraph_quorum.orchestration.cli.streams import forget_stdout, prepare_streams, why_unwritable
from langgraph_quorum.state.errors import QuorumError

_PROGRAM = "quorum"
_MISSING = "the command line needs the extra 'cli': pip install 'langgraph-quorum[cli]'"
_CLI_MODULES = ("typer", "rich", "platformdirs")


def main() -> int:
    """Run the command line on `sys.argv`. Returns the exit code."""
    prepare_streams()
    listen_to_logs()
    try:
        return _run()
    except QuorumError as error:
        complain(error)
        return code_of_error(error)
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        forget_stdout()
        return APPROVED
    except OSError as error:
        why = why_unwritable(error)
        if why is None:
            raise
        forget_stdout()
        complain(f"standard output cannot be written ({why}): make room, or write to another place")
        return FAILED


def _run() -> int:
    if any(importlib.util.find_spec(module) is None for module in _CLI_MODULES):
        complain(_MISSING)
        return WRONG
    import typer  # noqa: PLC0415  an extra

    from langgraph_quorum.orchestration.cli.app import app  # noqa: PLC0415  needs typer

    try:
        code = app(prog_name=_PROGRAM, standalone_mode=False)
    except typer.TyperException as error:
        message = error.format_message()
        if message:
            command = getattr(getattr(error, "ctx", None), "command_path", _PROGRAM)
            complain(f"{message.rstrip('.')}: see {command} --help")
        return WRONG
    except typer.Abort:
        raise KeyboardInterrupt from None
    sys.stdout.flush()
    return code if isinstance(code, int) else APPROVED


if __name__ == "__main__":
    sys.exit(main())
