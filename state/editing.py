"""Records of branches as a person edits them: in part or whole, filled in from what is there, or refused by name."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any, cast, get_args

from langgraph_quorum.state.bounds import is_number
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.records import BranchRecord, BranchStatus, ErrorRecord, Quality
from langgraph_quorum.state.words import kind_of, suggestion

MARK = "edited"
_FIELDS = frozenset(BranchRecord.__annotations__)
_WRITTEN = len(_FIELDS - {MARK, "not_before"})
"""Fields of each record that a branch writes; it never writes the mark, and seldom a moment to wait for."""
_QUALITY = frozenset(Quality.__annotations__)
_UNMEASURED = Quality(score=None, confidence=None, completeness=None, consistency=None, evidence=[])
_BY_HAND = "edited by hand"
_DEPTH = 100
_NAMED = 100
"""Branches that a message lists at most."""


def is_whole(record: Any, branch_id: str) -> bool:
    """Whether it can be what a branch writes: all fields of a record, of this branch."""
    return isinstance(record, dict) and len(record) >= _WRITTEN and record.get("branch_id") == branch_id


def edited_record(branch_id: str, given: Any, there: BranchRecord | None, known: Collection[str]) -> BranchRecord:
    """The record that an edit makes, marked as `edited`.

    Args:
        branch_id: Whose it is to be.
        given: Fields of a record. What is left out stays as it is; with a new status, what no longer fits it goes.
        there: The record so far, None where there is none.
        known: Branches that have a record.

    Raises:
        ConfigurationError: naming the branch, the field that is wrong, and the mend.
    """
    where = f"branches.{branch_id}"
    if there is None:
        mend = f"no branch of this name has a record to edit: {_meant(branch_id, known)}"
        raise ConfigurationError("branches", branch_id, mend)
    if not isinstance(given, Mapping):
        raise ConfigurationError(where, given, 'give the fields to change, such as {"result": ...}')
    for name in given:
        if name not in _FIELDS:
            mend = f"a record has no such field: {suggestion(str(name), _FIELDS)}"
            raise ConfigurationError(f"{where}.{name}", given[name], mend)
    if fault := json_fault(dict(given), where):
        raise ConfigurationError(fault[0], fault[1], fault[2])
    record = cast("BranchRecord", {**there, **_following(given, there), **given, MARK: True})
    record["quality"] = _quality(where, record["quality"], there["quality"])
    _check(where, record, there, given)
    return record


def json_fault(value: Any, path: str, depth: int = 0) -> tuple[str, object, str] | None:
    """What in a value is no JSON: the path to it, the thing, and the mend; None where all of it is."""
    if value is None or isinstance(value, (str, bool, int)):
        return None
    if isinstance(value, float):
        return None if math.isfinite(value) else (path, value, "JSON has no such number: give a finite one, or None")
    if isinstance(value, Mapping):
        parts = [(f"{path}.{key}", item) for key, item in value.items()]
        if odd := [key for key in value if not isinstance(key, str)]:
            return path, odd[0], "a key is no string: give strings as keys"
    elif isinstance(value, (list, tuple)):
        parts = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    else:
        return path, value, f"{kind_of(value)} cannot be kept: give numbers, strings, lists and dicts"
    if depth > _DEPTH:
        return path, "...", f"nested more than {_DEPTH} levels deep: give something flatter"
    return next((fault for where, item in parts if (fault := json_fault(item, where, depth + 1))), None)


def _meant(branch_id: str, known: Collection[str]) -> str:
    if not known:
        return "none has one yet"
    return suggestion(branch_id, known) if len(known) <= _NAMED else f"{len(known)} others have one"


def _following(given: Mapping[str, Any], there: BranchRecord) -> dict[str, Any]:
    """What follows from another status, where the edit does not say."""
    status = given.get("status", there["status"])
    if status == there["status"]:
        return {}
    if status == "succeeded":
        return {"reason": _BY_HAND, "error": None, "release": None, "excused": False}
    return {"reason": _BY_HAND, "result": None, "quality": None}


def _quality(where: str, given: Any, there: Quality | None) -> Quality | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or not given.keys() <= _QUALITY:
        mend = f"give None, or any of {', '.join(sorted(_QUALITY))}"
        raise ConfigurationError(f"{where}.quality", given, mend)
    for name in _QUALITY - {"evidence"}:
        share = given.get(name)
        most = math.inf if name == "cost" else 1
        if share is not None and not (is_number(share) and 0 <= share <= most):
            raise ConfigurationError(f"{where}.quality.{name}", share, f"give a number from 0 to {most}, or None")
    return cast("Quality", {**(there or _UNMEASURED), **given})


def _check(where: str, record: BranchRecord, there: BranchRecord, given: Mapping[str, Any]) -> None:
    """Refuse what no record may hold.

    Raises:
        ConfigurationError: naming the field and the mend.
    """
    known = get_args(BranchStatus)
    for name in ("branch_id", "round"):
        if record[name] != there[name]:
            raise ConfigurationError(f"{where}.{name}", record[name], f"give {there[name]!r}, or leave it out")
    if record["status"] not in known:
        raise ConfigurationError(f"{where}.status", record["status"], f"give one of {', '.join(known)}")
    if record["status"] == "succeeded" and record["result"] is None and "result" not in given:
        raise ConfigurationError(f"{where}.status", "succeeded", "give its `result`, too")
    error = record["error"]
    if error is not None and (not isinstance(error, Mapping) or error.keys() != ErrorRecord.__annotations__.keys()):
        raise ConfigurationError(f"{where}.error", error, "give None, or `type`, `message` and `transient`")
