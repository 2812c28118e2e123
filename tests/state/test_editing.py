"""Edits of branches: what a person writes is what there is, whatever it says, or is refused by name."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.records import BranchRecord
from langgraph_quorum.state.reducers import merge_branches
from tests.state.written import quality, record

STARTED = "2026-01-01T00:00:00.000+00:00"


def ran(branch_id: str = "a", **fields: Any) -> BranchRecord:
    """A branch that ran and gave a good result."""
    return {**record(branch_id, score=0.9, result={"v": 1}), "started_at": STARTED, **fields}  # type: ignore[typeddict-item]


def edited(edit: Any, there: BranchRecord | None = None) -> BranchRecord:
    return merge_branches({"a": there or ran()}, {"a": edit})["a"]


@pytest.mark.parametrize(
    "change",
    [
        {"result": {"v": 100}},
        {"result": {"v": 100}, "quality": quality(0.1)},
        {"result": {"v": 100}, "quality": None},
        {"status": "failed", "result": None, "quality": None},
        {"status": "cut", "result": None},
    ],
    ids=["as good", "lower score", "no score", "failed", "cut"],
)
def test_a_whole_record_that_was_edited_takes_the_place_of_the_one_there_however_it_looks(
    change: dict[str, Any],
) -> None:
    assert edited({**ran(), **change}) == {**ran(), **change, "edited": True}


def test_an_edit_names_only_what_it_changes_and_the_rest_is_filled_in() -> None:
    assert edited({"result": {"v": 5}}) == ran(result={"v": 5}, edited=True)
    assert edited({"quality": {"score": 0.2}})["quality"] == quality(0.2)


def test_with_another_status_goes_what_no_longer_fits_it() -> None:
    failed = edited({"status": "failed"})
    assert (failed["result"], failed["quality"], failed["reason"]) == (None, None, "edited by hand")
    mended = edited({"status": "succeeded", "result": {"v": 2}}, record("a", "failed", transient=True))
    assert (mended["result"], mended["error"], mended["reason"]) == ({"v": 2}, None, "edited by hand")


def test_the_whole_state_with_one_branch_edited_changes_that_one_branch() -> None:
    there = {name: ran(name) for name in "abc"}
    shown: dict[str, Any] = {**there, "b": {**there["b"], "result": "new"}}
    changed = merge_branches(there, shown)
    assert [name for name in changed if changed[name].get("edited")] == ["b"]


def test_an_edit_may_be_edited_also_from_a_copy_of_the_record_before_it() -> None:
    first = edited({"status": "failed"})
    assert edited({**first, "status": "cut"}, first)["status"] == "cut"
    assert edited({**ran(), "result": {"v": 3}}, first)["result"] == {"v": 3}


@pytest.mark.parametrize("status", ["failed", "succeeded"])
def test_no_late_result_takes_the_place_of_an_edit_and_a_later_round_does(status: Any) -> None:
    cut = edited({"status": status, "result": {"v": 2}}, ran(status="cut", result=None))
    assert edited(ran(late=True), cut) == cut
    assert edited(ran(late=True, round=1), cut) == cut
    assert edited(ran(started_at="later"), cut) == cut  # the same fan-out, started anew behind the edit
    again = ran(round=1, started_at="later")
    assert edited(again, cut) == again


def test_a_late_result_takes_the_place_of_what_was_cut() -> None:
    late = ran(late=True)
    assert edited(late, ran(status="cut", result=None)) == late


@given(st.sampled_from(["failed", "cut", "succeeded"]), st.sampled_from([0.1, None]))
def test_a_replayed_edit_changes_nothing(status: Any, score: float | None) -> None:
    change = {"status": status, "quality": quality(score), "result": 1}
    edits: list[Any] = [change, {**ran(), **change}]
    for edit in edits:
        once = edited(edit)
        assert edited(edit, once) == once
        assert edited(once, once) == once


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": "done"}, r"branches\.a\.status='done': give one of succeeded, failed"),
        ({"resutl": 1}, r"branches\.a\.resutl=1: a record has no such field: did you mean 'result'"),
        ({"status": "failed", "round": 7}, r"branches\.a\.round=7: give 0, or leave it out"),
        ({"branch_id": "b"}, r"branches\.a\.branch_id='b': give 'a', or leave it out"),
        ({"result": {"v": [math.nan]}}, r"branches\.a\.result\.v\[0\]=nan: JSON has no such number"),
        ({"cost": math.inf}, r"branches\.a\.cost=inf: JSON has no such number"),
        ({"result": {"o": object()}}, r"branches\.a\.result\.o=.*an object cannot be kept"),
        ({"result": {0: 1}}, r"branches\.a\.result=0: a key is no string"),
        ({"quality": {"score": 2}}, r"branches\.a\.quality\.score=2: give a number from 0 to 1, or None"),
        ({"quality": 0.9}, r"branches\.a\.quality=0\.9: give None, or any of"),
        ({"error": "broken"}, r"branches\.a\.error='broken': give None, or `type`"),
        (None, r'branches\.a=None: give the fields to change, such as {"result"'),
    ],
)
def test_an_edit_that_does_not_fit_is_refused_by_name_with_the_mend(change: Any, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        edited(change)


def test_a_result_that_is_said_to_have_succeeded_has_to_be_given() -> None:
    with pytest.raises(ConfigurationError, match=r"branches\.a\.status='succeeded': give its `result`, too"):
        edited({"status": "succeeded"}, record("a", "failed"))


def test_an_edit_of_a_branch_that_has_no_record_names_the_one_that_was_probably_meant() -> None:
    edits: list[Any] = [{"result": 1}, ran("market")]
    for edit in edits:
        with pytest.raises(ConfigurationError, match=r"branches='markte': no branch .* did you mean 'market'"):
            merge_branches({"market": ran("market")}, {"markte": edit})
    with pytest.raises(ConfigurationError, match=r"branches=\[\]: give fields of records by branch id"):
        merge_branches({}, [])  # type: ignore[arg-type]
