"""What specialists say of themselves, held against how often they were right."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum import Branch, Specialist
from langgraph_quorum.nodes.scoring.calibration import BINS, Bin, bin_of, calibrated
from langgraph_quorum.nodes.scoring.reported import reported
from langgraph_quorum.nodes.scoring.track_record import TrackRecord
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.records import Quality


async def answer(branch: Branch) -> str:
    return branch.task


BOASTER = Specialist("boaster", answer)
BRANCH = Branch("b", "task")
shares = st.floats(0, 1)
observations = st.lists(st.tuples(shares, st.booleans()), max_size=40)


def score(record: TrackRecord | None, stated: Any, **more: Any) -> Quality:
    found: Quality = reported(record, **more).of(BOASTER, BRANCH, {"confidence": stated})
    return found


def test_a_confidence_is_worth_how_often_it_was_right() -> None:
    record = TrackRecord({"boaster": [(0.9, number % 2 == 0) for number in range(38)]})
    quality = score(record, 0.9)
    # 19 right of 38, and 2 more observations that agree with the statement: (19 + 2 * 0.9) / 40 = 0.52
    assert quality["confidence"] == quality["score"] == pytest.approx(0.52)
    assert quality["evidence"] == ["it states a confidence of 0.90, by its 38 observations worth 0.52"]


def test_with_too_few_observations_it_is_taken_at_its_word_and_says_so() -> None:
    record = TrackRecord({"boaster": [(0.9, False)] * 29})
    quality = score(record, 0.9)
    assert quality["score"] == 0.9
    assert quality["evidence"] == ["it states a confidence of 0.90, not calibrated: 29 of 30 observations"]
    record.add("boaster", 0.9, False)
    assert score(record, 0.9)["score"] == pytest.approx(1.8 / 32)  # the same scorer, once there is one more


def test_each_specialist_has_a_record_of_its_own() -> None:
    record = TrackRecord({"other": [(0.9, False)] * 100})
    assert score(record, 0.9)["score"] == 0.9
    assert score(None, 0.9)["evidence"] == ["it states a confidence of 0.90, not calibrated: 0 of 30 observations"]


def test_outside_of_a_workflow_the_branch_id_stands_for_the_specialist() -> None:
    record = TrackRecord({"b": [(0.9, False)] * 30})
    assert reported(record)(BRANCH, {"confidence": 0.9})["score"] == pytest.approx(1.8 / 32)


def test_a_statement_that_is_no_fraction_is_in_the_evidence() -> None:
    assert score(None, 90)["evidence"] == ["it states confidence=90, which does not count: give a number from 0 to 1"]


@pytest.mark.parametrize("stated", [None, "0.9", True, float("nan"), 1.5])
def test_who_states_no_confidence_has_no_score_whatever_the_record(stated: Any) -> None:
    assert score(TrackRecord({"boaster": [(0.9, True)] * 50}), stated)["score"] is None


def test_falling_neighbours_are_pooled() -> None:
    bins = [Bin()] * BINS
    bins[2], bins[7] = Bin(8, 8 * 0.25, 6), Bin(8, 8 * 0.75, 2)
    # 0.25 was right (6 + 0.5)/10 = 0.65 of the time, 0.75 only (2 + 1.5)/10 = 0.35: pooled, both 0.5
    assert [calibrated(stated, bins) for stated in (0.0, 0.25, 0.5, 0.75, 1.0)] == pytest.approx([0.5] * 5)


def test_between_two_bins_it_is_interpolated() -> None:
    bins = [Bin()] * BINS
    bins[2], bins[7] = Bin(8, 8 * 0.25, 1), Bin(8, 8 * 0.75, 7)
    # (1 + 0.5)/10 = 0.15 and (7 + 1.5)/10 = 0.85; 0.5 lies in the middle
    assert [calibrated(stated, bins) for stated in (0.1, 0.25, 0.5, 0.9)] == pytest.approx([0.15, 0.15, 0.5, 0.85])


@given(observations, shares, shares)
def test_who_states_more_is_never_worth_less(seen: list[tuple[float, bool]], one: float, other: float) -> None:
    record = TrackRecord({"s": seen})
    low, high = (record.calibrated("s", stated) for stated in sorted((one, other)))
    assert 0 <= low <= high <= 1


@given(observations, st.randoms())
def test_the_order_of_observations_does_not_matter(seen: list[tuple[float, bool]], random: Random) -> None:
    shuffled = random.sample(seen, len(seen))
    for stated in (0.0, 0.3, 0.77, 1.0):
        one, other = (TrackRecord({"s": order}).calibrated("s", stated) for order in (seen, shuffled))
        assert one == pytest.approx(other)


def test_an_overconfident_specialist_is_brought_near_the_truth() -> None:
    random = Random(7)
    seen = [(stated, random.random() < stated**2) for stated in (random.random() for _ in range(2000))]
    record = TrackRecord({"s": seen})
    asked = [0.2, 0.4, 0.6, 0.8]
    before = sum(abs(stated - stated**2) for stated in asked) / 4  # 0.2
    after = sum(abs(record.calibrated("s", stated) - stated**2) for stated in asked) / 4
    assert after < before / 4


@given(shares)
def test_without_observations_the_statement_stands(stated: float) -> None:
    assert TrackRecord().calibrated("s", stated) == stated
    assert 0 <= bin_of(stated) < BINS


def test_a_record_is_kept_as_json(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    record = TrackRecord({"boaster": [(0.9, True), (0.2, False), (1.0, True)]})
    record.save(path)
    loaded = TrackRecord.load(path)
    loaded.save(path)
    assert loaded.count("boaster") == 3
    assert loaded.calibrated("boaster", 0.9) == record.calibrated("boaster", 0.9)
    assert len(json.loads(path.read_text())["boaster"]) == BINS
    assert [file.name for file in tmp_path.iterdir()] == ["record.json"]


@pytest.mark.parametrize("text", ["", "[]", '{"s": 3}', '{"s": []}', '{"s": [[1, 0.5]]}', '{"s": [[1, 0.5, 2]]}'])
def test_a_file_that_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "record.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"^path=.*: give what TrackRecord.save has written"):
        TrackRecord.load(path)


@pytest.mark.parametrize(
    ("field", "stated", "right"), [("stated", 1.2, True), ("stated", "x", True), ("right", 0.5, 1)]
)
def test_a_wrong_observation_is_refused(field: str, stated: Any, right: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"^{field}="):
        TrackRecord({"s": [(stated, right)]})


@pytest.mark.parametrize(("given_value", "field"), [(5, "observations"), ({"s": 5}, "observations[s]")])
def test_what_are_no_observations_is_refused(given_value: Any, field: str) -> None:
    with pytest.raises(ConfigurationError, match="give a dict of each specialist's pairs") as caught:
        TrackRecord(given_value)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("field", "given_value"), [("record", {}), ("at_least", 0), ("at_least", 1.5), ("at_least", "x")]
)
def test_a_wrong_argument_is_named(field: str, given_value: Any) -> None:
    arguments: dict[str, Any] = {field: given_value}
    with pytest.raises(ConfigurationError, match=f"^{field}=.*: give "):
        reported(**arguments)
