"""Fan-outs in checkpoints: written the short way, to the very bytes that the official serializer makes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.types import Command, Send

from langgraph_quorum.orchestration.persistence.saving.serializer import StrictSerializer
from langgraph_quorum.state.errors import BlockedTypeError


class Stranger:
    """A class that nobody has allowed."""


@pytest.mark.parametrize(
    "value",
    [
        Send("worker", {"branch_id": "b1"}),
        Send("worker", None),
        Send("worker", [Send("inner", {1: 2})]),
        Send("worker", {"at": "once"}, timeout=2.5),
        [],
        [Send("worker", {"n": number, "deep": {"x": [1.5, None, "ü"]}}) for number in range(300)],
        (Send("worker", {}), "text", 7),
        ["plain", {"of": ["many", b"bytes", "\ud800"]}],
        [Command(goto=[Send("worker", {"a": 1})])],
        {"b1": {"seconds": 0.1, "at": datetime(2026, 1, 2, tzinfo=UTC), "ids": {1, 2}}},
        "a text",
        {(1, "of two"): [0.1] * 50},
    ],
)
def test_what_is_written_is_what_the_official_serializer_writes(value: Any) -> None:
    assert StrictSerializer().dumps_typed(value) == JsonPlusSerializer().dumps_typed(value)


def test_a_fan_out_is_read_back() -> None:
    serializer = StrictSerializer()
    sent = [Send("worker", {"n": 1}), Send("worker", {"n": 2}, timeout=3.0)]

    assert serializer.loads_typed(serializer.dumps_typed(sent)) == sent


@dataclass
class Foreign:
    """A class that nobody has allowed, and that could be written."""

    number: int = 1


@pytest.mark.parametrize(
    "around",
    [
        lambda item: [Send("worker", {"what": item})],
        lambda item: {"seconds": 0.1, "deep": [{"er": item}]},
        lambda item: (1, item),
        lambda item: Send("worker", [item]),
    ],
)
@pytest.mark.parametrize("item", [Stranger(), Foreign()], ids=["an object", "a dataclass"])
def test_a_type_that_is_not_allowed_is_refused_wherever_it_is(around: Callable[[object], object], item: object) -> None:
    with pytest.raises((BlockedTypeError, TypeError)):
        StrictSerializer().dumps_typed(around(item))
