"""Work whose way depends on an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langgraph_quorum import SyncPolicy
from langgraph_quorum.state.policies import RecoveryPolicy
from tests.graphs.played import Item, item

ALL = SyncPolicy(threshold=1.0, deadline_s=1000)
NO_RECOVERY = RecoveryPolicy(rounds=0)


def is_left(inputs: Mapping[str, Any]) -> bool:
    return bool(inputs["asked"] == "left")


def is_right(inputs: Mapping[str, Any]) -> bool:
    return bool(inputs["asked"] == "right")


CONDITIONS: dict[str, Any] = {
    "left": is_left,
    "right": is_right,
    "never": lambda inputs: False,
    "always": lambda inputs: True,
    "broken": lambda inputs: inputs["nobody"],
    "enough": lambda inputs: len(inputs["votes"]) >= 2,
}


def asked(answer: str) -> Item:
    return item("asked", 1, answer=answer)


def one_way(way: str) -> Item:
    return item(way, 2, when=way, depends_on=["asked"])


def excused(result: dict[str, Any]) -> list[str]:
    return sorted(name for name, record in result["branches"].items() if record["excused"])
