"""Whether everything that was asked about has an answer."""

from __future__ import annotations

import math

from langgraph_quorum.nodes.checking.check import Check, Checked, Severity, finding
from langgraph_quorum.state.merged import CheckFinding


def coverage(severity: Severity = "error") -> Check:
    """Every group of the work, for instance every document, has at least one result."""

    def check(checked: Checked) -> list[CheckFinding]:
        missing: dict[str, list[str]] = {}
        covered: set[str] = set()
        for item in checked.queue:
            group, record = item.get("group", ""), checked.branches.get(item["branch_id"])
            if record is not None and record["status"] == "succeeded":
                covered.add(group)
            elif group and not (record is not None and record["excused"]):
                missing.setdefault(group, []).append(item["branch_id"])
        return [
            finding("coverage", f"{group} has no result", severity, branches)
            for group, branches in missing.items()
            if group not in covered
        ]

    return Check(check, "coverage", severity, math.inf)
