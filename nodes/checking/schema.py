"""Whether the merged value has the form that was asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from langgraph_quorum.nodes.checking.check import Check, Checked, Severity, finding
from langgraph_quorum.nodes.scoring.schema_faults import Place, faults_of, spelled
from langgraph_quorum.state.merged import CheckFinding

SHOWN = 20
"""Faults that are told at most."""


def schema(expected: Mapping[str, Any] | type[BaseModel], severity: Severity = "error", name: str = "schema") -> Check:
    """The merged value is valid by a JSON schema (extra `schema`), or by a pydantic model. Each fault is a finding.

    A finding names its path, and the branches whose own results have that fault in that place. A schema refers to
    nothing but itself: nothing is fetched.

    Args:
        expected: The schema, as a dict, or the model's class.
        severity: Of its findings.
        name: Of the check.

    Raises:
        ConfigurationError: the schema is empty, wrong, or refers to another one.
        MissingExtraError: for a JSON schema, when the extra is not installed.
    """
    faults = faults_of(expected, "schema.expected")

    def check(checked: Checked) -> list[CheckFinding]:
        if checked.merged is None or checked.merged["status"] == "no data":
            return []
        found = sorted(set(faults(checked.value)), key=lambda fault: ([str(step) for step in fault[0]], fault[1]))
        if not found:
            return []
        results = checked.results()
        own = {branch_id: {path for path, _ in faults(result)} for branch_id, result in results.items()}
        told = [
            finding(name, f"{spelled(path) or 'the result'}: {message}", severity, _at_fault(path, own), spelled(path))
            for path, message in found[:SHOWN]
        ]
        more = len(found) - len(told)
        return told if not more else [*told, finding(name, f"{more} more faults against the schema", severity)]

    return Check(check, name, severity, math.inf, of_value=True)


def _at_fault(path: Place, own: Mapping[str, set[Place]]) -> list[str]:
    """Whose result it is that stands there whole, else whose results have the same fault."""
    if path and path[0] in own:
        return [str(path[0])]
    return sorted(branch_id for branch_id, paths in own.items() if path in paths)
