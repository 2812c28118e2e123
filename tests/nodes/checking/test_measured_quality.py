"""The quality that targets, revisions, outer workflows and models are told of: by weight over what was measured."""

from __future__ import annotations

import pytest

from langgraph_quorum import Scored, WeightPolicy, merge
from langgraph_quorum.nodes.checking.quality import measured_quality


def test_it_is_the_mean_by_weight_of_what_was_measured() -> None:
    made = [Scored("a", "a", 1, 0.9, 0), Scored("b", "b", 1, 0.5, 60), Scored("c", "c", 1)]
    # raw weights 0.7 * 0.9 + 0.3 = 0.93 and 0.7 * 0.5 + 0.15 = 0.5; of c nothing was measured
    assert measured_quality(merge(made)) == pytest.approx((0.93 * 0.9 + 0.5 * 0.5) / 1.43)
    assert measured_quality(merge([made[2]])) is None
    assert measured_quality(merge([])) is None


def test_where_what_was_measured_weighs_nothing_it_is_the_plain_mean() -> None:
    made = [Scored("a", "a", 1, 0.9), Scored("b", "b", 1, 0.5), Scored("c", "c", 1, seconds=1)]
    by_speed = WeightPolicy(quality_share=0, speed_share=1)
    assert measured_quality(merge(made, policy=by_speed)) == pytest.approx(0.7)
