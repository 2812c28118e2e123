"""A question on a terminal: the disagreement side by side, what is unmet, what each answer means."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from langgraph_quorum.orchestration.cli.rendering.review import render_review
from langgraph_quorum.orchestration.cli.review import OpenQuestion


def printed(review: dict[str, Any], *, width: int = 80, overdue: bool = False) -> list[str]:
    console = Console(width=width, force_terminal=False, highlight=False)
    whole = {"kind": "result", "quality": 0.7, "confidence_interval": [0.6, 0.8], "allowed": ["approve"], **review}
    with console.capture() as capture:
        render_review(console, OpenQuestion("t1", "q1", {"review": whole}, {"x": 1}, overdue), dsn_given=False)
    return [line.rstrip() for line in capture.get().splitlines()]


def test_sides_of_a_disagreement_stand_beside_each_other_in_eighty_columns() -> None:
    side = {"value": "Rome", "share": 0.75, "branches": ["a", "b"]}
    against = [{"value": "Oslo", "share": 0.15, "branches": ["c"]}, {"value": "x " * 90, "share": 0.1, "branches": []}]
    lines = printed({"disagreements": [{"field": "city", "taken": side, "against": against}]})
    at = next(number for number, line in enumerate(lines) if line.startswith("Field"))
    assert lines[at].split() == ["Field", "Taken", "Against"]
    assert lines[at + 1].split() == ["city", "Rome", "Oslo"]
    assert lines[at + 2].split() == ["75%:", "a,", "b", "15%:", "c"]
    assert max(map(len, lines)) <= 80


def test_what_is_unmet_and_who_has_no_result_is_listed() -> None:
    finding = {"severity": "error", "message": "quality 0.70 is below 0.80"}
    lines = printed({"findings": [finding], "missing": {"c": "failed, no\x1b[31m net"}})
    assert " - error: quality 0.70 is below 0.80" in lines
    assert any(line.startswith(" - c: failed, no") and "\x1b" not in line for line in lines)


def test_an_expired_question_names_the_command_that_carries_the_default_out() -> None:
    times = {"expires_at": "2030-01-01T00:00:00+00:00", "on_expiry": "reject"}
    lines = printed(times, overdue=True, width=120)
    assert "its time was up at 2030-01-01 00:00:00 UTC: quorum review t1 --expired (reject)" in lines
    assert not any("--approve" in line for line in lines)


def test_a_pause_says_what_going_on_and_stopping_mean() -> None:
    pause = {"kind": "pause", "before": "sync_point", "quality": None, "branches": {"a": "succeeded"}}
    lines = printed({**pause, "allowed": ["approve", "reject"]})
    assert lines[0] == "Go on with what has come in?"
    assert " - a: succeeded" in lines
    assert [line.split(maxsplit=1)[1] for line in lines if line.startswith("  --approve")] == ["go on"]
