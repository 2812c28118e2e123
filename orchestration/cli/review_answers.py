"""An answer as the options of `quorum review` give it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langgraph_quorum.orchestration.cli.exits import RefusedError

_STDIN = "-"


@dataclass(frozen=True, slots=True)
class Asked:
    """The options, as they were given; None or False where one was not."""

    approve: bool = False
    reject: str | None = None
    pick: str | None = None
    retry: tuple[str, ...] = ()
    edit: str | None = None
    value: str | None = None
    message: str | None = None
    expired: bool = False


def answer_of(asked: Asked) -> dict[str, Any] | None:
    """The answer in the workflow's short form; None when none was given.

    Raises:
        RefusedError: more than one was given, words belong to none, or the value is no JSON.
    """
    given = {
        "--approve": asked.approve,
        "--reject": asked.reject is not None,
        "--pick": asked.pick is not None,
        "--retry": bool(asked.retry),
        "--edit": asked.edit is not None,
        "--value": asked.value is not None,
        "--expired": asked.expired,
    }
    named = [option for option, is_given in given.items() if is_given]
    if len(named) > 1:
        raise RefusedError(f"{' and '.join(named)}: give one answer")
    if asked.message is not None and (not named or named[0] in ("--reject", "--expired")):
        raise RefusedError("--message: give it with --approve, --pick, --retry, --edit or --value")
    if not named or asked.expired:
        return None
    return {**_decision(asked), **({"message": asked.message} if asked.message else {})}


def _decision(asked: Asked) -> dict[str, Any]:
    if asked.approve:
        return {"type": "approve"}
    if asked.reject is not None:
        return {"type": "reject", "message": asked.reject}
    if asked.pick is not None:
        return {"type": "pick", "branch": asked.pick}
    if asked.retry:
        return {"type": "retry", "branches": list(asked.retry)}
    if asked.edit is not None:
        return {"type": "edit", "value": parsed(_read(asked.edit), f"--edit {asked.edit}")}
    return {"type": "edit", "value": parsed(asked.value or "", "--value")}


def parsed(text: str, where: str) -> Any:
    """The JSON that a text holds.

    Raises:
        RefusedError: it is none, or nested too deep; naming where it was given, and where in it the fault is.
    """
    try:
        return json.loads(text, parse_constant=_refused_constant)
    except ValueError as error:
        raise RefusedError(f"{where}: is not JSON ({error}): mend it there; a text needs its quotes") from error
    except RecursionError as error:
        raise RefusedError(f"{where}: is nested too deep to be read: give something flatter") from error


def _refused_constant(word: str) -> None:
    raise ValueError(f"{word} is no JSON number")


def _read(name: str) -> str:
    try:
        return sys.stdin.read() if name == _STDIN else Path(name).expanduser().read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise RefusedError(f"--edit {name}: cannot be read ({reason}): name a file that holds the result") from error
