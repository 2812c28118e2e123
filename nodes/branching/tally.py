"""What one sync point has seen of a fan-out. No clock, no loop: times are handed in."""

from __future__ import annotations

import logging
from types import MappingProxyType
from typing import Any

from langgraph_quorum.state.branch import Share
from langgraph_quorum.state.decision import Arrivals, Release, Wait, decide, is_good
from langgraph_quorum.state.functions import yes
from langgraph_quorum.state.records import BranchRecord
from langgraph_quorum.state.sync_policy import SyncPolicy

_log = logging.getLogger(__name__)

FAILURES = frozenset({"failed", "timed_out", "skipped"})


class Tally:
    """Counts the branches of one sync point until it has released.

    Attributes:
        name: Of the sync point.
        policy: When it releases.
        results: Results of its branches that have succeeded, by branch id.
        asking: Whether any of its branches ended by asking a human.
        release: How it released, None before that; `released_at` says when.
    """

    def __init__(self, policy: SyncPolicy, share: Share, opened_at: float) -> None:
        self.name, self.policy = share["point"], policy
        self.results: dict[str, Any] = {}
        self.asking = False
        self.release: Release | None = None
        self.released_at = opened_at
        self._opened_at = opened_at
        self._total, self._earlier = share["total"], share["earlier"]
        self._needed = policy.needed(self._total, self._earlier)
        self._tolerated = policy.tolerated(self._total)
        self._must = set(share["must"])
        self._good = self._settled = self._failed = 0
        self._quorum_at: float | None = None
        self._decisive = False

    @property
    def excused(self) -> bool:
        """Whether all its branches were excused."""
        return not self._total

    @property
    def viable(self) -> bool:
        """Whether it has the successes without which nothing can be built on it."""
        return len(self.results) + self._earlier >= self.policy.minimum and not self._must

    def progress(self, running: int, at_once: int) -> dict[str, Any]:
        """How far it has come, and how many branches of the fan-out are and may be running, for people who watch."""
        return {
            "point": self.name,
            "total": self._total,
            "good": self._good,
            "settled": self._settled,
            "needed": self._needed,
            "running": running,
            "at_once": at_once,
        }

    def count(self, record: BranchRecord, now: float) -> bool:
        """Count how a branch has ended. Says whether that, by itself, may move the decision."""
        if record["excused"]:
            self._excuse(record["branch_id"])
        else:
            self._settled += 1
            if record["status"] == "succeeded":
                self._succeeded(record)
            elif record["status"] in FAILURES:
                self._failed += 1
            self.asking = self.asking or record["status"] == "awaiting_human"
        reached = self._quorum_at is None and self._good >= self._needed and not self._must
        if reached:
            self._quorum_at = now
        return reached or self._decisive or self._settled >= self._total or self._failed > self._tolerated

    def _succeeded(self, record: BranchRecord) -> None:
        branch_id = record["branch_id"]
        self.results[branch_id] = record["result"]
        self._good += is_good(self.policy, record)
        self._must.discard(branch_id)
        self._decisive = self._decisive or self._says_enough()

    def _excuse(self, branch_id: str) -> None:
        self._must.discard(branch_id)
        self._total -= 1
        self._needed = self.policy.needed(self._total, self._earlier)
        self._tolerated = self.policy.tolerated(self._total)

    def _says_enough(self) -> bool:
        if self.policy.until is None:
            return False
        try:
            return yes(self.policy.until(MappingProxyType(self.results)))
        except Exception:  # noqa: BLE001  it is logged, and a broken wish for less must not end the run
            _log.exception("until of sync point %r failed on %d results", self.name, len(self.results))
            return False

    def decide(self, now: float) -> Wait | Release:
        """Whether it waits or releases."""
        arrivals = Arrivals(
            total=self._total,
            good=self._good,
            settled=self._settled,
            succeeded=len(self.results),
            opened_at=self._opened_at,
            quorum_at=self._quorum_at,
            failed=self._failed,
            decisive=self._decisive,
        )
        return decide(self.policy, arrivals, now)
