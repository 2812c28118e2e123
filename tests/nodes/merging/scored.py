"""Results for the tests of merging."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.state.policies import WeightPolicy

QUALITY_ONLY = WeightPolicy(quality_share=1.0, speed_share=0.0)


def results(*values: Any, qualities: Sequence[float | None] = (), types: Sequence[str] = ()) -> list[Scored]:
    """Branches a, b, c, ... with these values, by specialists of the same names; each of quality 0.5 unless named."""
    given_qualities = [*qualities, *[0.5] * (len(values) - len(qualities))]
    given_types = [*types, *[""] * (len(values) - len(types))]
    return [
        Scored(branch_id=chr(97 + number), specialist=chr(97 + number), value=value, quality=quality, type=kind)
        for number, (value, quality, kind) in enumerate(zip(values, given_qualities, given_types, strict=True))
    ]
