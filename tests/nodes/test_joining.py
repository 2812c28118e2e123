"""Updates that are joined before they are written leave the state as it is when each is written by itself."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langgraph.channels import BinaryOperatorAggregate
from langgraph.types import Command, Overwrite

from langgraph_quorum.nodes.alone.joining import joined


def text(old: str, new: Any) -> str:
    return f"{old}|{new}"


def channels() -> dict[str, BinaryOperatorAggregate[Any]]:
    made: dict[str, BinaryOperatorAggregate[Any]] = {
        "pages": BinaryOperatorAggregate(dict, operator.or_),
        "notes": BinaryOperatorAggregate(list, operator.add),
        "total": BinaryOperatorAggregate(float, operator.add),
        "words": BinaryOperatorAggregate(str, text),
    }
    made["pages"].value = {"kept": 0, "b": 1}
    made["notes"].value = ["kept"]
    return made


def written(updates: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What the channels hold after these updates; the keys of dicts in their order."""
    held = channels()
    for name, channel in held.items():
        channel.update([update[name] for update in updates if name in update])
    return {name: list(channel.get().items()) if name == "pages" else channel.get() for name, channel in held.items()}


KEYS = st.sampled_from("abc")
UPDATE = st.fixed_dictionaries(
    {},
    optional={
        "pages": st.dictionaries(KEYS, st.integers()) | st.just({"__overwrite__": {"new": 1}}),
        "notes": st.lists(st.integers(), max_size=3),
        "total": st.floats(-10, 10),
        "words": st.text("xy", max_size=2),
    },
)


def overwrites(update: dict[str, Any]) -> bool:
    return "__overwrite__" in update.get("pages", {})


@given(st.lists(UPDATE, max_size=6).filter(lambda updates: sum(map(overwrites, updates)) < 2))
def test_the_state_is_the_same(updates: list[dict[str, Any]]) -> None:
    assert written(joined(updates, channels())) == written(updates)


def test_usual_reducers_get_one_update() -> None:
    updates = [{"pages": {name: 1}, "notes": [name]} for name in "abc"]
    assert joined(updates, channels()) == [{"pages": {"a": 1, "b": 1, "c": 1}, "notes": ["a", "b", "c"]}]


def test_others_get_each_by_itself() -> None:
    updates = [{"pages": {name: 1}, "words": name} for name in "abc"]
    assert joined(updates, channels()) == [
        {"pages": {"a": 1, "b": 1, "c": 1}},
        {"words": "a"},
        {"words": "b"},
        {"words": "c"},
    ]


@pytest.mark.parametrize(
    "odd",
    [Overwrite({"x": 1}), {"__overwrite__": {"x": 1}}, {"type": "__overwrite__", "value": {}}, None, [("x", 1)]],
    ids=["Overwrite", "its key", "its type", "None", "pairs"],
)
def test_what_is_no_plain_update_of_a_channel_stays_in_its_place(odd: Any) -> None:
    updates: list[dict[str, Any]] = [{"pages": {"a": 1}}, {"pages": odd}, {"pages": {"b": 1}}]
    assert joined(updates, channels()) == updates


def test_a_channel_that_holds_something_else_is_left_alone() -> None:
    held = channels()
    held["pages"].value = type("Ordered", (dict,), {})()
    updates = [{"pages": {"a": 1}}, {"pages": {"b": 1}}]
    assert joined(updates, held) == updates
    assert joined(updates, {}) == updates


def test_a_command_keeps_all_as_they_are() -> None:
    updates: list[Any] = [{"pages": {"a": 1}}, Command(update={"pages": {"b": 1}}), {"pages": {"c": 1}}]
    assert joined(updates, channels()) == updates


@dataclass
class Last:
    """A reducer with options: it is equal by value, so it has no hash."""

    count: int

    def __call__(self, old: list[int], new: list[int]) -> list[int]:
        return [*old, *new][-self.count :]


def test_a_reducer_that_cannot_be_hashed_is_left_alone() -> None:
    channel = BinaryOperatorAggregate(list, Last(2))
    updates: list[Any] = [{"notes": [1]}, {"notes": [2, 3]}]
    assert joined(updates, {"notes": channel}) == updates
