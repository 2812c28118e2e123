"""Scorers: how they are called, and that a broken one costs no result."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from langgraph.errors import GraphBubbleUp

from langgraph_quorum.nodes.branching.crew import Score
from langgraph_quorum.nodes.branching.failure import message_of
from langgraph_quorum.nodes.branching.threads import in_thread
from langgraph_quorum.nodes.scoring.quality import checked, unscored
from langgraph_quorum.nodes.scoring.stated import score_as_measured
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.branch import Branch
from langgraph_quorum.state.records import Quality

Scorer = Callable[[Branch, Any], Quality | float | Awaitable[Quality | float]]
"""Measures a result: a score in 0..1 or a `Quality`, sync (run in a thread) or async."""

Runs = Literal["inline", "thread", "awaited"]
"""In the event loop because it takes microseconds, in a thread because it may take longer, or as a coroutine."""


@dataclass(frozen=True, slots=True, eq=False)
class Measure:
    """A scorer that can be told who answered, which no function of branch and result can. Called as a `Scorer` too.

    Attributes:
        name: How evidence names it.
        of: Gives what a `Scorer` gives, of who answered (None when that is not known), the branch and the result.
        runs: How `of` is to be run.
    """

    name: str
    of: Callable[[Specialist | None, Branch, Any], Any]
    runs: Runs = "inline"

    def __call__(self, branch: Branch, result: Any) -> Any:
        """Measure without knowing who answered: the branch's id then stands for the specialist's name."""
        return self.of(None, branch, result)


def measure_of(scorer: Scorer) -> Measure:
    """Any scorer as a `Measure`."""
    if isinstance(scorer, Measure):
        return scorer
    name = getattr(scorer, "__name__", type(scorer).__name__)
    is_async = inspect.iscoroutinefunction(scorer) or inspect.iscoroutinefunction(getattr(scorer, "__call__", None))  # noqa: B004
    return Measure(name, lambda _who, branch, result: scorer(branch, result), "awaited" if is_async else "thread")


def scored_by(scorer: Scorer | None) -> Score:
    """How a workflow scores: by this scorer, or by what results say of themselves.

    A scorer that raises, or gives no number in 0..1, leaves the score missing; the evidence names it.
    """
    return score_as_measured if scorer is None else guarded(measure_of(scorer))


def guarded(measure: Measure) -> Callable[[Specialist | None, Branch, Any], Quality | Awaitable[Quality]]:
    """The measure, whose errors and wrong numbers are evidence of a missing score."""

    def at_once(specialist: Specialist | None, branch: Branch, result: Any) -> Quality:
        try:
            return checked(measure.of(specialist, branch, result), measure.name)
        except Exception as error:  # noqa: BLE001  a broken scorer must not cost a finished result
            return _raised(measure, error)

    async def awaited(specialist: Specialist | None, branch: Branch, result: Any) -> Quality:
        try:
            if measure.runs == "thread":
                name = f"score-{branch.branch_id}"
                given = await in_thread(lambda: measure.of(specialist, branch, result), name=name)
            else:
                given = measure.of(specialist, branch, result)
            return checked(await given if inspect.isawaitable(given) else given, measure.name)
        except GraphBubbleUp:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001  the same
            return _raised(measure, error)

    return at_once if measure.runs == "inline" else awaited


def _raised(measure: Measure, error: BaseException) -> Quality:
    return unscored(f"scorer {measure.name!r} raised {type(error).__name__}: {message_of(error)}")
