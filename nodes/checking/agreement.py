"""Whether those that were merged agree."""

from __future__ import annotations

import math
from collections import defaultdict

from langgraph_quorum.nodes.checking.check import Check, Checked, Severity, finding
from langgraph_quorum.state.bounds import require
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.merged import CheckFinding, Dissent, Merged


def agreement(dissent: float = 0.4, severity: Severity = "error") -> Check:
    """In no field of the merged value has more weight than `dissent` stood for other values. Names the dissenters.

    Args:
        dissent: Share of weight, 0..1, of those that had the field.
        severity: Of its findings.

    Raises:
        ConfigurationError: the share is out of its bounds.
    """
    where = "agreement.dissent"
    require(ConfigurationError, where, dissent, lambda x: 0 <= x <= 1, "give a fraction from 0 to 1")

    def check(checked: Checked) -> list[CheckFinding]:
        if checked.merged is None:
            return []
        fields: dict[str, list[Dissent]] = defaultdict(list)
        for lost in checked.merged["dissent"]:
            fields[lost["field"]].append(lost)
        return [
            found
            for field, others in sorted(fields.items())
            for found in _found(field, others, _share(checked.merged, field, others))
        ]

    def _found(field: str, others: list[Dissent], share: float) -> list[CheckFinding]:
        if share <= dissent or math.isclose(share, dissent):
            return []
        branches = sorted({name for lost in others for name in lost["branches"]})
        message = f"{field or 'the result'}: {share:.0%} of the weight is for another value, {dissent:.0%} may be"
        return [finding("agreement", message, severity, branches, field)]

    return Check(check, "agreement", severity, math.inf)


def _share(merged: Merged, field: str, others: list[Dissent]) -> float:
    """Of the weight, what was for another value than the merged one."""
    if field in merged["support"]:
        return 1 - merged["support"][field]
    return math.fsum(lost["share"] for lost in others)
