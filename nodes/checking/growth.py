"""Whether the run has grown as its results asked for."""

from __future__ import annotations

import math

from langgraph_quorum.nodes.checking.check import Check, Checked, Severity, finding
from langgraph_quorum.state.merged import CheckFinding
from langgraph_quorum.state.words import counted


def growth(severity: Severity = "error") -> Check:
    """Every branch that results asked for was created."""

    def check(checked: Checked) -> list[CheckFinding]:
        refused = checked.growth["refused"]
        if not refused:
            return []
        first, why = next(iter(refused.items()))
        many = counted(len(refused), "branch", "branches")
        return [finding("growth", f"{many} that results asked for could not be made ({first}: {why})", severity)]

    return Check(check, "growth", severity, math.inf)
