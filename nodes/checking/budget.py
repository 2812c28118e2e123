"""Whether the run has stayed within its means."""

from __future__ import annotations

import math

from langgraph_quorum.nodes.checking.check import Check, Checked, Severity, finding
from langgraph_quorum.state.bounds import is_whole, require
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.merged import CheckFinding

BUDGET = "budget"
"""Findings of this name end revision, whatever their severity: doing more would cost more."""


def budget(
    cost: float = math.inf, seconds: float = math.inf, attempts: float = math.inf, severity: Severity = "warning"
) -> Check:
    """The run has not cost more than this. Once it has, nothing is revised any more.

    Args:
        cost: In the application's currency, as specialists report it, from 0.
        seconds: That the fan-outs have taken, above 0.
        attempts: Of all branches together, from 1.
        severity: Of its findings.

    Raises:
        ConfigurationError: a bound is out of its own bounds, or there is none.
    """
    error = ConfigurationError
    require(error, "budget.cost", cost, lambda x: x >= 0, "give an amount from 0")
    require(error, "budget.seconds", seconds, lambda x: x > 0, "give seconds above 0")
    mend = "give a whole number from 1"
    require(error, "budget.attempts", attempts, lambda x: x >= 1 and (x == math.inf or is_whole(x)), mend)
    bounds = {"cost": cost, "seconds": seconds, "attempts": attempts}
    if all(bound == math.inf for bound in bounds.values()):
        raise error("budget", None, "give at least one of cost, seconds and attempts")

    def check(checked: Checked) -> list[CheckFinding]:
        spent = {"cost": checked.load["cost"], "seconds": checked.load["seconds"], "attempts": checked.load["attempts"]}
        return [
            finding(BUDGET, f"the budget is spent: {name} {spent[name]:g}, {bound:g} were allowed", severity)
            for name, bound in bounds.items()
            if spent[name] > bound
        ]

    return Check(check, BUDGET, severity, math.inf)
