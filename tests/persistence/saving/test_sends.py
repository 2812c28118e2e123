"""Fan-outs in checkpoints: written the short way, to the very bytes that the official serializer makes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.types import Command, Send

from langgraph_quorum.orchestration.persistence.saving.packed_sends import KEPT, KEPT_BYTES, PackedSends
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


@pytest.mark.parametrize("count", [1, 15, 16, 300, KEPT + 1])
def test_a_fan_out_that_was_written_one_by_one_is_written_as_one_alike(count: int) -> None:
    serializer = StrictSerializer()
    sent = [Send("worker", {"n": number, "deep": {"x": [1.5, None, "ü"]}}) for number in range(count)]
    for one in sent:
        assert serializer.dumps_typed(one) == JsonPlusSerializer().dumps_typed(one)

    for _ in range(2):  # the second time nothing is kept any longer
        assert serializer.dumps_typed(sent) == JsonPlusSerializer().dumps_typed(sent)


def test_of_a_fan_out_with_something_new_in_it_all_is_packed_anew() -> None:
    serializer = StrictSerializer()
    sent: list[Any] = [Send("worker", {"n": 1}), Send("worker", {"n": 2}, timeout=3.0), "text"]
    for one in sent:
        serializer.dumps_typed(one)

    assert serializer.dumps_typed(sent) == JsonPlusSerializer().dumps_typed(sent)
    assert serializer.dumps_typed(sent[:1]) == JsonPlusSerializer().dumps_typed(sent[:1])


def test_what_is_kept_of_sends_is_bounded_and_let_go_with_their_list() -> None:
    sends = PackedSends()
    sent = [Send("worker", number) for number in range(KEPT + 5)]
    for one in sent:
        sends.keep(one, b"x")
    assert sends.taken(sent) is None
    assert sends.taken(sent[5:]) is not None
    assert sends.taken(sent[5:6]) is None

    large = b"x" * (KEPT_BYTES // 2)
    for one in sent[:3]:
        sends.keep(one, large)
    assert sends.taken(sent[:1]) is None
    assert sends.taken(sent[1:3]) == b"\x92" + large + large


def test_a_send_that_is_packed_twice_counts_once() -> None:
    sends = PackedSends()
    (one, other) = Send("worker", 1), Send("worker", 2)
    for _ in range(3):
        sends.keep(one, b"x" * (KEPT_BYTES // 2))
    sends.keep(other, b"y")
    assert sends.taken([one]) is not None


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
