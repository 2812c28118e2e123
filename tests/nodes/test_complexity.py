"""Measuring work: what is measured does not depend on how quickly it is done."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum import Branch, Resources, Specialist
from langgraph_quorum.nodes.planning.complexity import ComplexityScale, complexity_of, measures_of
from langgraph_quorum.nodes.specialists.specialist import by_name
from langgraph_quorum.state.records import WorkItem


async def look(branch: Branch) -> str:
    return branch.task


CREW = by_name([Specialist("waits", look), Specialist("works", look, resources=Resources(cpu=2))])

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
payloads = st.dictionaries(st.text(max_size=3), values, max_size=4)


def parts(value: Any) -> int:
    children = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    return len(children) + sum(parts(child) for child in children)


def depth(value: Any) -> int:
    children = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if children is None else 1 + max((depth(child) for child in children), default=0)


@given(payloads)
def test_a_payload_is_measured_by_its_json_its_parts_and_its_nesting(payload: dict[str, Any]) -> None:
    size = len(json.dumps(payload)) if payload else 0
    assert measures_of(WorkItem(payload=payload)) == {
        "size_bytes": size,
        "parts": parts(payload),
        "depth": depth(payload),
    }


def test_work_without_payload_has_no_volume_and_no_parts() -> None:
    assert measures_of(WorkItem(branch_id="a")) == {"size_bytes": 0, "parts": 0, "depth": 1}


def test_what_is_no_json_is_measured_by_its_words() -> None:
    assert measures_of(
        WorkItem(
            payload={
                "a": {
                    1,
                }
            }
        )
    )["size_bytes"] == len('{"a": "{1}"}')


def test_every_branch_counts_as_the_cores_it_takes_but_at_least_a_tenth() -> None:
    queue = [
        WorkItem(branch_id=str(number), specialist=name) for number, name in enumerate(["waits", "works", "waits"])
    ]
    found = complexity_of(queue, CREW, ComplexityScale(cores=2.2))
    assert found.computation == pytest.approx(0.5)  # 0.1 + 2 + 0.1 of as much again
    assert complexity_of([], CREW, ComplexityScale()).score == 0.0
