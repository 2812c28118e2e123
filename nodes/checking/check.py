"""What a check is, what it is shown, and what it finds."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, TypeAlias, get_args

from langgraph_quorum.state.bounds import require
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.merged import CheckFinding, Merged
from langgraph_quorum.state.points import Points
from langgraph_quorum.state.records import BranchRecord, SyncDecision, WorkItem
from langgraph_quorum.state.workflow import Growth, LoadMetrics

Severity = Literal["info", "warning", "error", "critical"]
"""`error` asks for a revision, `critical` fails the run; the others are only told."""

SEVERITIES: tuple[str, ...] = get_args(Severity)


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check is shown. It is the run's own state, not a copy: nothing in it is to be changed.

    Attributes:
        task: Of the run, in words.
        merged: The merged result; None before there is one.
        branches: What each branch has come to, by its id.
        queue: All branches that were asked for.
        decisions: Of the sync points, in order.
        load: What the run has cost so far: attempts, seconds, cost.
        growth: Branches that results have asked for.
        points: The sync points' policies, as applied to this run.
        counting: Which sync points count a branch.
    """

    task: str
    merged: Merged | None
    branches: Mapping[str, BranchRecord]
    queue: Sequence[WorkItem]
    decisions: Sequence[SyncDecision]
    load: LoadMetrics
    growth: Growth
    points: Points
    counting: Callable[[WorkItem], Sequence[str]]

    @property
    def value(self) -> Any:
        """The merged value; None where there is none."""
        return None if self.merged is None else self.merged["value"]

    def names(self) -> set[str]:
        """Of all branches that it tells of."""
        rows = [] if self.merged is None else self.merged["attribution"]
        told = [item["branch_id"] for item in self.queue], [row["branch_id"] for row in rows]
        return {*self.branches, *self.growth["refused"], *chain.from_iterable(told)}

    def results(self) -> dict[str, Any]:
        """The results that the merged value was made of, by branch id."""
        rows = [] if self.merged is None else self.merged["attribution"]
        return {row["branch_id"]: self.branches[row["branch_id"]]["result"] for row in rows}


Given: TypeAlias = str | Mapping[str, Any] | Iterable[str | Mapping[str, Any]] | None
"""What a check may return: nothing, a finding, or many. A bare string is a finding's message; a mapping needs
`message`, and may have `branches`, `field`, and a `severity` of its own."""
CheckFunction: TypeAlias = Callable[[Checked], Given | Awaitable[Given]]


@dataclass(frozen=True, slots=True)
class Check:
    """A function that looks for one kind of fault, with the severity of what it finds.

    Attributes:
        run: Async, or sync; a sync one runs in a thread.
        name: Stands in its findings; that of the function when left out.
        severity: Of findings that name none of their own.
        timeout_s: Seconds after which it is given up, above 0; `math.inf` for no limit. A thread runs on unheard.
        of_value: Whether it looks at nothing but the merged value: what a human edits has to pass it, too. Only a sync
            one can be that.

    Raises:
        ConfigurationError: naming the field that is wrong.
    """

    run: CheckFunction
    name: str = ""
    severity: Severity = "error"
    timeout_s: float = 60.0
    of_value: bool = False

    def __post_init__(self) -> None:
        if not callable(self.run) or isinstance(self.run, type):
            raise ConfigurationError("Check.run", self.run, "give a function of what is checked")
        if not self.name:
            object.__setattr__(self, "name", getattr(self.run, "__name__", type(self.run).__name__))
        if not isinstance(self.name, str):
            raise ConfigurationError("Check.name", self.name, "give a string")
        if self.severity not in SEVERITIES:
            raise ConfigurationError(
                f"Check({self.name!r}).severity", self.severity, f"give one of {', '.join(SEVERITIES)}"
            )
        where = f"Check({self.name!r}).timeout_s"
        require(ConfigurationError, where, self.timeout_s, lambda x: x > 0, "give seconds above 0")
        if self.of_value and self.is_async:
            raise ConfigurationError(f"Check({self.name!r}).of_value", True, "give a sync function, or leave it out")

    @property
    def is_async(self) -> bool:
        """Whether it is awaited on the event loop."""
        called = getattr(self.run, "func", self.run)
        return inspect.iscoroutinefunction(called) or inspect.iscoroutinefunction(getattr(called, "__call__", None))  # noqa: B004


def finding(
    check: str, message: str, severity: Severity = "error", branches: Iterable[str] = (), field: str = ""
) -> CheckFinding:
    """One finding; `field` is the dotted path within the merged value, empty where it is about none."""
    found = CheckFinding(check=check, severity=severity, message=message, branches=list(branches))
    if field:
        found["field"] = field
    return found
