"""The answer of a person at the terminal. Blocks, so it runs outside the event loop."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from langgraph_quorum.orchestration.cli.exits import RefusedError, complain
from langgraph_quorum.orchestration.cli.review_answers import parsed

if TYPE_CHECKING:
    from langgraph_quorum.orchestration.cli.review import OpenQuestion

_LATER = "later"


def ask(question: OpenQuestion) -> dict[str, Any] | None:
    """The answer; None to leave the question open.

    Raises:
        RefusedError: the editor cannot be used.
        typer.Abort: Ctrl-C, or the end of standard input.
    """
    allowed = [*question.asked["review"]["allowed"], _LATER]
    kind = ""
    while kind not in allowed:
        typed = typer.prompt(f"your answer ({'/'.join(allowed)})", default=_LATER, show_default=True)
        kind = _completed(typed.strip().lower(), allowed)
    if kind == _LATER:
        return None
    if kind == "edit":
        return _edited(question.value)
    if kind == "pick":
        return {"type": "pick", "branch": typer.prompt("branch").strip()}
    if kind == "retry":
        names = typer.prompt("branches, with commas between them").split(",")
        message = typer.prompt("what to do better", default="", show_default=False).strip()
        return {"type": "retry", "branches": [name.strip() for name in names if name.strip()], "message": message}
    if kind == "reject":
        return {"type": "reject", "message": typer.prompt("reason", default="", show_default=False).strip()}
    return {"type": "approve"}


def _completed(typed: str, allowed: list[str]) -> str:
    """The only answer that begins like this, else what was typed."""
    fitting = [kind for kind in allowed if typed and kind.startswith(typed)]
    return fitting[0] if len(fitting) == 1 else typed


def _in_editor(text: str) -> str:
    """The text after the person's editor has ended.

    Raises:
        RefusedError: it cannot be started, or has failed.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    with tempfile.TemporaryDirectory(prefix="quorum-") as folder:
        file = Path(folder) / "result.json"
        file.write_text(text, encoding="utf-8")
        try:
            done = subprocess.run([*shlex.split(editor), str(file)], check=False)  # noqa: S603  their own editor
            if done.returncode == 0:
                return file.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise RefusedError(f"EDITOR={editor}: cannot be used ({error}): set it, or give --edit FILE") from error
    raise RefusedError(f"EDITOR={editor}: ended with {done.returncode}: nothing was answered")


def _edited(value: Any) -> dict[str, Any] | None:
    """The value as it was left in the editor; None when nothing was changed or saved."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    while True:
        changed = _in_editor(text)
        if changed.strip() == text.strip():
            typer.echo("nothing was changed: the question stays open", err=True)
            return None
        try:
            return {"type": "edit", "value": parsed(changed, "the edited result")}
        except RefusedError as error:
            complain(error)
            if not typer.confirm("edit it again?", default=True, err=True):
                return None
            text = changed
