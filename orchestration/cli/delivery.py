"""Where the outcome of a run goes: as JSON to a file or standard output, readable to standard output."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from langgraph_quorum.orchestration.cli.exits import code_of_status
from langgraph_quorum.orchestration.cli.json_output import STDOUT, JsonFile, as_object, print_json
from langgraph_quorum.orchestration.cli.streams import forget_stdout


class Delivery:
    """What was asked for with `--json` and `--quiet`.

    Raises:
        RefusedError: the file for the JSON cannot be written.
    """

    def __init__(self, json_target: str | None, quiet: bool) -> None:
        self.quiet = quiet
        self._to_stdout = json_target == STDOUT
        self._file = None if json_target is None or self._to_stdout else JsonFile(json_target)

    def keep_off(self, documents: Iterable[Path], *, standard_input: bool = False) -> None:
        """Refuse to write the JSON over what is to be analysed.

        Raises:
            RefusedError: the file for the JSON is one of the documents, or what standard input is read from.
        """
        if self._file is not None:
            self._file.keep_off(documents)
            if standard_input:
                self._file.keep_off_standard_input()

    def deliver(self, outcome: Mapping[str, Any], *, dsn_given: bool) -> int:
        """Hand the outcome over. Returns the exit code that it means.

        Of a run that was stopped on the way, people are told by the command, not shown a half of a result.

        Raises:
            RefusedError: the file for the JSON cannot be written any more.
        """
        if self._file is not None:
            self._file.write(outcome)
        try:
            self._print(outcome, dsn_given=dsn_given)
        except BrokenPipeError:
            forget_stdout()
        return code_of_status(outcome["status"])

    def _print(self, outcome: Mapping[str, Any], *, dsn_given: bool) -> None:
        if self._to_stdout:
            print_json(as_object(outcome))
        elif outcome["status"] != "interrupted" and not (self.quiet and self._file is not None):
            from langgraph_quorum.orchestration.cli.rendering.outcome import print_outcome  # noqa: PLC0415  rich

            print_outcome(outcome, dsn_given=dsn_given)
            sys.stdout.flush()
