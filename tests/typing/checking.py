"""Mypy and pyright, each run once over all of a folder's files, as their users run them."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
FILES = sorted(path for folder in ("right", "wrong") for path in (HERE / folder).glob("*.py"))
MARK = re.compile(r"#.*\berror: \S")
PATIENCE_S = 280
"""Without what `make lint` has left, mypy reads the whole package and all that it imports."""
BIN = Path(sys.executable).parent

Errors = dict[str, dict[int, str]]
"""By the file's name below this folder, and by its line, what is wrong there."""


def marked(path: Path) -> set[int]:
    """The lines that are said to be wrong."""
    return {number for number, line in enumerate(path.read_text("utf-8").splitlines(), 1) if MARK.search(line)}


@functools.cache
def mypy() -> Errors:
    """What mypy finds with the settings of the project, and with what it knows from `make lint`."""
    found: Errors = {}
    for line in _run("mypy", "--output=json", "--no-error-summary", *FILES).splitlines():
        said = json.loads(line)
        if said["severity"] == "error":
            found.setdefault(_name(said["file"]), {})[said["line"]] = said["message"]
    return found


@functools.cache
def pyright() -> Errors:
    """What pyright finds."""
    said = json.loads(_run("basedpyright", "--outputjson", "--project", HERE, "--pythonpath", sys.executable))
    assert said["summary"]["filesAnalyzed"] == len(FILES)
    found: Errors = {}
    for one in said["generalDiagnostics"]:
        if one["severity"] == "error":
            found.setdefault(_name(one["file"]), {})[one["range"]["start"]["line"] + 1] = one["message"]
    return found


def _name(path: str) -> str:
    return (ROOT / path).resolve().relative_to(HERE).as_posix()


def _run(program: str, *given: str | Path) -> str:
    command = [BIN / program, *given]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode in {0, 1}, f"{done.stdout}\n{done.stderr}"
    return done.stdout
