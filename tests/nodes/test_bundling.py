"""Bundles: quick calls of one specialist travel together, and none waits for what is sent later."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum.nodes.planning.bundling import BundleSize, bundled, check_bundle
from langgraph_quorum.state.branch import BranchCall
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.records import WorkItem


def call(specialist: str, branch_id: str, *waits_for: str, points: tuple[str, ...] = ()) -> BranchCall:
    item = WorkItem(branch_id=branch_id, specialist=specialist)
    return BranchCall(item=item, order=0, inputs={}, waits_for=list(waits_for), points=list(points))


def calls(specialist: str, count: int) -> list[BranchCall]:
    return [call(specialist, f"{specialist}{number}") for number in range(count)]


def sent(given_calls: list[BranchCall], size: BundleSize, seconds: float | None = None) -> list[list[str]]:
    return [[one["item"]["branch_id"] for one in bundle] for _, bundle in bundled(given_calls, size, lambda _: seconds)]


def sizes(count: int, seconds: float | None) -> list[int]:
    return [len(bundle) for bundle in sent(calls("a", count), "auto", seconds)]


@pytest.mark.parametrize("size", [None, 1])
def test_without_bundles_every_call_travels_alone_in_its_order(size: BundleSize) -> None:
    mixed = [call("a", "1"), call("b", "2", "1"), call("a", "3")]
    assert sent(mixed, size) == [["1"], ["2"], ["3"]]


def test_a_number_is_the_most_calls_of_one_specialist_that_travel_together() -> None:
    mixed = [call("a", "1"), call("b", "2"), call("a", "3"), call("a", "4"), call("b", "5")]
    assert sent(mixed, 2) == [["1", "3"], ["2", "5"], ["4"]]


def test_calls_that_wait_go_last_and_share_only_with_their_neighbours() -> None:
    mixed = [
        call("a", "1"),
        call("b", "2", "1"),
        call("b", "3", "1"),
        call("a", "4"),
        call("b", "5", "4"),
        call("a", "6", "5"),
        call("b", "7", "6"),
    ]
    assert sent(mixed, 9) == [["1", "4"], ["2", "3", "5"], ["6"], ["7"]]


def test_slow_calls_and_few_calls_travel_alone() -> None:
    assert sizes(100, 0.05) == [1] * 100
    assert sizes(15, 0.001) == [1] * 15


def test_fifty_calls_travel_together_when_nothing_was_measured() -> None:
    assert sizes(120, None) == [50, 50, 20]
    assert sizes(16, None) == [16]


@pytest.mark.parametrize("seconds", [0.0, 0.00001, 0.00025])
def test_a_thousand_calls_travel_together_when_they_are_quick(seconds: float) -> None:
    assert sizes(2500, seconds) == [1000, 1000, 500]


def test_slower_calls_travel_by_a_quarter_of_a_second_of_work() -> None:
    assert sizes(120, 0.005) == [50, 50, 20]  # 0.25 / 0.005
    assert sizes(60, 0.01) == [25, 25, 10]  # 0.25 / 0.01
    assert sizes(20, 0.049) == [6, 6, 6, 2]  # 0.25 / 0.049 = 5.1


@pytest.mark.parametrize("seconds", [None, 0.0001, 0.02])
def test_a_hundred_thousand_cheap_calls_are_64_sends(seconds: float | None) -> None:
    found = sizes(100_000, seconds)
    assert len(found) == 64
    assert max(found) == 1563  # 100 000 / 64 = 1562.5


def test_each_specialist_is_bundled_by_its_own_speed() -> None:
    seconds = {"quick": 0.001, "slow": 1.0}
    found = bundled([*calls("quick", 40), *calls("slow", 40)], "auto", seconds.get)
    assert Counter(name for name, _ in found) == {"quick": 1, "slow": 40}


SIZES = st.sampled_from([None, "auto"]) | st.integers(1, 6)


@st.composite
def fan_outs(draw: st.DrawFn) -> list[BranchCall]:
    """Calls in topological order: each waits only for earlier branches, or for sync points that count only such."""
    count = draw(st.integers(1, 60))
    points = {f"p{number}": draw(st.integers(0, count - 1)) for number in range(2)}  # each counts those up to here
    found = []
    for number in range(count):
        released = [point for point, last in points.items() if last < number]
        before = [f"b{one}" for one in range(number)] + released
        waits = draw(st.booleans())
        waits_for = draw(st.lists(st.sampled_from(before), max_size=2)) if waits and before else []
        counted = tuple(point for point, last in points.items() if number <= last)
        found.append(call(draw(st.sampled_from("aab")), f"b{number}", *waits_for, points=counted))
    return found


speeds = st.none() | st.floats(0, 0.1)


@given(fan_outs(), SIZES, speeds)
def test_nothing_is_lost_nothing_sent_twice_and_every_call_goes_to_its_specialist(
    given_calls: list[BranchCall], size: BundleSize, seconds: float | None
) -> None:
    found = bundled(given_calls, size, lambda _: seconds)
    unpacked = [(name, one["item"]["branch_id"]) for name, bundle in found for one in bundle]
    assert sorted(unpacked) == sorted((one["item"]["specialist"], one["item"]["branch_id"]) for one in given_calls)
    assert all(bundle for _, bundle in found)


@given(fan_outs(), SIZES, speeds)
def test_no_send_holds_a_branch_that_waits_for_one_in_a_later_send(
    given_calls: list[BranchCall], size: BundleSize, seconds: float | None
) -> None:
    found = bundled(given_calls, size, lambda _: seconds)
    place = {one["item"]["branch_id"]: number for number, (_, bundle) in enumerate(found) for one in bundle}
    counted: dict[str, list[str]] = {}
    for one in given_calls:
        for point in one["points"]:
            counted.setdefault(point, []).append(one["item"]["branch_id"])
    for number, (_, bundle) in enumerate(found):
        for one in bundle:
            for name in one["waits_for"]:
                assert all(place[prerequisite] <= number for prerequisite in counted.get(name, [name]))


@given(fan_outs(), SIZES, speeds)
def test_the_order_inside_a_bundle_is_the_given_one(
    given_calls: list[BranchCall], size: BundleSize, seconds: float | None
) -> None:
    place = {one["item"]["branch_id"]: number for number, one in enumerate(given_calls)}
    for bundle in sent(given_calls, size, seconds):
        assert [place[name] for name in bundle] == sorted(place[name] for name in bundle)


@given(fan_outs(), st.integers(1, 6))
def test_no_bundle_holds_more_than_the_number_that_is_allowed(given_calls: list[BranchCall], size: int) -> None:
    assert all(len(bundle) <= size for bundle in sent(given_calls, size))


@given(st.integers(1, 6_000), speeds)
def test_auto_keeps_to_its_bounds(count: int, seconds: float | None) -> None:
    found = sizes(count, seconds)
    if count < 16 or (seconds is not None and seconds >= 0.05):
        assert found == [1] * count
    else:
        assert len(found) <= 64
        assert max(found) <= max(50 if seconds is None else 1000, -(-count // 64))


@pytest.mark.parametrize("value", ["auto", None, 1, 500])
def test_a_size_that_can_be_is_given_back(value: Any) -> None:
    assert check_bundle(value) == value


@pytest.mark.parametrize("value", [0, -1, 1.5, True, False, "", "many", [1]])
def test_a_size_that_cannot_be_is_refused_with_the_mend(value: Any) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_bundle(value)
    assert str(refused.value).startswith(f"bundle={value!r}: give 'auto', a whole number from 1, or None")
