"""`quorum doctor`: which database is used, what is installed, and what is wrong."""

from __future__ import annotations

import importlib.metadata
import re
from dataclasses import asdict
from typing import Any

from langgraph_quorum.orchestration.cli.exits import APPROVED, FAILED, WRONG
from langgraph_quorum.orchestration.cli.json_output import print_json
from langgraph_quorum.orchestration.cli.streams import read_or_not
from langgraph_quorum.orchestration.persistence.health import Diagnosis, diagnose

EXTRAS = ("embedded", "documents", "encryption", "consensus", "schema", "cli", "studio")

_DISTRIBUTION = "langgraph-quorum"
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)")


async def examine(dsn: str | None, *, as_json: bool) -> int:
    """Print the diagnosis, and return 0 when nothing is wrong, 2 when the DSN is none, else 4."""
    diagnosis = await diagnose(dsn)
    extras = {extra: missing_of(extra) for extra in EXTRAS}
    with read_or_not():
        if as_json:
            print_json(_as_json(diagnosis, extras))
        else:
            from langgraph_quorum.orchestration.cli.rendering.diagnosis import print_diagnosis  # noqa: PLC0415  rich

            print_diagnosis(diagnosis, extras)
    if not diagnosis.dsn_understood:
        return WRONG
    return APPROVED if diagnosis.healthy else FAILED


def missing_of(extra: str) -> list[str]:
    """The distributions of an extra that are not installed, by the package's own metadata."""
    missing = []
    for requirement in importlib.metadata.requires(_DISTRIBUTION) or []:
        name = _REQUIREMENT.match(requirement)
        if name is None or not re.search(rf"extra\s*==\s*['\"]{extra}['\"]", requirement):
            continue
        try:
            importlib.metadata.version(name[1])
        except importlib.metadata.PackageNotFoundError:
            missing.append(name[1])
    return missing


def _as_json(diagnosis: Diagnosis, extras: dict[str, list[str]]) -> dict[str, Any]:
    found = asdict(diagnosis)
    return {
        **found,
        "folder": None if diagnosis.folder is None else str(diagnosis.folder),
        "healthy": diagnosis.healthy,
        "problems": [asdict(problem) for problem in diagnosis.problems],
        "extras": {extra: {"installed": not missing, "missing": missing} for extra, missing in extras.items()},
    }
