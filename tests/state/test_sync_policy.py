"""A share of the branches is the count that it says, not what floating point multiplies."""

from __future__ import annotations

import pytest

from langgraph_quorum import SyncPolicy
from langgraph_quorum.state.decision import Arrivals, Release, Wait, decide


@pytest.mark.parametrize(
    ("share", "total", "failures"),
    [(0.58, 50, 29), (0.29, 100, 29), (0.57, 100, 57), (0.7, 90, 63)],  # each product is just below the count
)
def test_as_many_failures_as_the_share_says_are_put_up_with_and_one_more_is_not(
    share: float, total: int, failures: int
) -> None:
    def failed(count: int) -> Arrivals:
        return Arrivals(total=total, good=0, settled=count, succeeded=0, opened_at=100.0, failed=count)

    policy = SyncPolicy(tolerate=share, deadline_s=120)
    assert decide(policy, failed(failures), now=101.0) == Wait(220.0)
    assert decide(policy, failed(failures + 1), now=101.0) == Release("too_many_failed")
