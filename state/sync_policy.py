"""The policy of a sync point: when it moves on, and what becomes of those that are late. Frozen, checked when made."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from langgraph_quorum.state.bounds import is_count_or_share, is_whole, require, require_names
from langgraph_quorum.state.errors import SyncPolicyError
from langgraph_quorum.state.functions import require_plain
from langgraph_quorum.state.keywords import suggesting

OnStraggler = Literal["cancel", "abandon", "harvest"]
OnQuestion = Literal["block", "park"]


@suggesting
@dataclass(frozen=True, slots=True)
class SyncPolicy:
    """When a sync point moves on.

    All branches done: it proceeds. The threshold reached: it proceeds when the grace has run out. Below the threshold
    it waits, until the deadline or until nothing is left to wait for; then what failed may be sent out again. It stops
    early when the answer is decisive, or when more has failed than is tolerated.

    Attributes:
        threshold: Share of the branches that must have succeeded, above 0 and up to 1.
        grace_s: Seconds that stragglers still get once the threshold is reached, from 0.
        deadline_s: Seconds after fan-out at which it proceeds with what there is, above 0; `math.inf` for none. Each
            fan-out has its own; below the threshold what ran out of time is sent out once more.
        minimum: Successes without which the run fails, from 1; also needed for the threshold to count as reached.
        successes: Count of successes that makes the quorum, from 1, in place of the share in `threshold`.
        must: Branch ids that must be among the successes: for the quorum, and for the run not to fail.
        tolerate: Failures past which it stops waiting: a count from 0, or a share of the branches in 0..1 as a float.
        until: A plain function, not an async one, that looks at the results so far, by branch id; once it says True the
            answer is decisive. Called on the event loop after each success, so it must be quick; one that raises counts
            as False and is logged.
        min_quality: A success scored below this does not count as a good answer, 0..1. One that nothing scored does,
            unless it is None: where this is above 0, a specialist that returns nothing has not answered.
        on_straggler: What becomes of a branch that is still running when it moves on. `cancel` stops it; `abandon` lets
            it run on unheard; `harvest` lets it run on, and takes its late result in at the run's next decision, or
            reports it when none comes. Threads cannot be stopped: `cancel` abandons them.
        on_question: What a question to a human in a branch means. `block` pauses the run once the rest is settled;
            `park` moves on without the branch, and works its answer in after the rest was merged and validated.
        branches: Ids of the branches it waits for.
        types: It waits for all branches whose specialist is of one of these types. A point that names neither branches
            nor types waits for all branches that no other point has claimed.
        name: Of the sync point, unique within the workflow; branches can depend on it.

    Raises:
        SyncPolicyError: naming the field that is out of its bounds.
    """

    threshold: float = 0.75
    grace_s: float = 5.0
    deadline_s: float = 120.0
    minimum: int = 1
    successes: int | None = None
    must: tuple[str, ...] = ()
    tolerate: float | None = None
    until: Callable[[Mapping[str, Any]], bool] | None = None
    min_quality: float = 0.0
    on_straggler: OnStraggler = "cancel"
    on_question: OnQuestion = "block"
    branches: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    name: str = "main"

    def __post_init__(self) -> None:
        error = SyncPolicyError
        require(error, "threshold", self.threshold, lambda x: 0 < x <= 1, "give a fraction above 0 and up to 1")
        require(error, "grace_s", self.grace_s, lambda x: 0 <= x < math.inf, "give seconds from 0")
        require(error, "deadline_s", self.deadline_s, lambda x: x > 0, "give seconds above 0")
        require(error, "minimum", self.minimum, lambda x: x >= 1 and is_whole(x), "give a whole number from 1")
        if self.successes is not None:
            require(error, "successes", self.successes, lambda x: x >= 1 and is_whole(x), "give a whole number from 1")
        if self.tolerate is not None:
            share = "give a count from 0, or a share as a float from 0.0 to 1.0"
            require(error, "tolerate", self.tolerate, is_count_or_share, share)
        if self.until is not None:
            require_plain("until", self.until, "a plain function of the results so far", error)
        require(error, "min_quality", self.min_quality, lambda x: 0 <= x <= 1, "give a fraction from 0 to 1")
        self._check_words()

    def _check_words(self) -> None:
        for field, known in (("on_straggler", OnStraggler), ("on_question", OnQuestion)):
            if getattr(self, field) not in get_args(known):
                raise SyncPolicyError(field, getattr(self, field), f"give one of {', '.join(get_args(known))}")
        require_names(SyncPolicyError, "must", self.must, "give a tuple of branch ids")
        require_names(SyncPolicyError, "branches", self.branches, "give a tuple of branch ids")
        require_names(SyncPolicyError, "types", self.types, "give a tuple of specialists' types")
        if not isinstance(self.name, str) or not self.name:
            raise SyncPolicyError("name", self.name, "give a non-empty string")

    @property
    def claims(self) -> bool:
        """Whether it says which branches it waits for."""
        return bool(self.branches or self.types)

    def needed(self, total: int, earlier: int = 0) -> int:
        """Good answers that make the quorum, of `total` branches, when `earlier` ones were in before.

        The threshold is of these branches; the minimum is of the whole run.
        """
        asked = math.ceil(round(self.threshold * total, 9)) if self.successes is None else self.successes - earlier
        return max(self.minimum - earlier, asked)

    def tolerated(self, total: int) -> float:
        """Failures of `total` branches that are put up with; infinite without a limit."""
        if self.tolerate is None:
            return math.inf
        return round(self.tolerate * total, 9) if isinstance(self.tolerate, float) else self.tolerate
