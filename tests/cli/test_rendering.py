"""Results for people: what matters first, every column and line within the terminal, nothing that steers it."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from langgraph_quorum.orchestration.cli.progress.board import Board
from langgraph_quorum.orchestration.cli.progress.plain import PlainProgress
from langgraph_quorum.orchestration.cli.rendering.outcome import render_outcome

SPECIALISTS = ("business", "content", "linguistic", "quality", "sentiment", "summary", "technical")
NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def finding(line: int, text: str, kind: str = "fact", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "text": text, "where": {"section": "S", "line": line}, **more}


def report(specialist: str) -> dict[str, Any]:
    findings = [finding(n, f"Finding {n} of {specialist}, told at some length.", f"kind{n}") for n in range(1, 6)]
    return {"headline": f"What {specialist} has to say.", "findings": findings, "findings_count": 5, "measures": {}}


def document(name: str, look_next: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "value": {"specialists": {who: report(who) for who in SPECIALISTS}, "look_next": look_next or []},
        "quality": 0.912,
        "confidence_interval": [0.84, 0.987],
        "contributions": {f"{who}@{name}": 1 / 7 for who in SPECIALISTS},
    }


def outcome(names: list[str], **changes: Any) -> dict[str, Any]:
    branches = {
        f"{who}@{name}": {"status": "succeeded", "group": name, "specialist": who, "seconds": 0.1, "reason": ""}
        for name in names
        for who in SPECIALISTS
    }
    return {
        "thread_id": "t1",
        "status": "approved",
        "quality": 0.9,
        "confidence_interval": [0.8, 0.95],
        "attribution": [{"branch_id": branch, "specialist": branch.partition("@")[0]} for branch in branches],
        "branches": branches,
        "result": {name: document(name) for name in names},
        "timeline": [
            {"node": "analyzer", "at": "2026-05-04T12:00:00+00:00", "why": ""},
            {"node": "sync_point", "at": "2026-05-04T12:00:07.500+00:00", "why": "7 of 7 succeeded after 7.40 s"},
        ],
        "findings": [],
        "error": None,
        "interrupts": {},
        **changes,
    }


def printed(given: dict[str, Any], width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width, record=True, highlight=False)
    render_outcome(console, given, dsn_given=False)
    return [line.rstrip() for line in console.export_text().splitlines()]


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("documents", [1, 3, 6, 30])
def test_no_line_is_wider_than_the_terminal(width: int, documents: int) -> None:
    lines = printed(outcome([f"chapter-{n}/a-rather-long-name-of-a-document.md" for n in range(documents)]), width)

    assert max(map(len, lines)) <= width


def test_the_verdict_comes_first_and_the_documents_after_it() -> None:
    lines = printed(outcome(["a.md", "b.md"]))

    assert lines[0] == "approved  quality of the analysis 0.90 (0.80 to 0.95), 14 of 14 branches, 7.5 s"
    assert lines[1] == "sync point: 7 of 7 succeeded after 7.40 s"
    assert lines[3].split() == ["Document", "Quality", "95", "%", "interval", *(who[:4] for who in SPECIALISTS)]
    assert lines[4].split() == ["a.md", "0.91", "0.84", "to", "0.99", *["14%"] * 7]
    assert lines[7].startswith("a.md  analysis quality 0.91 (0.84 to 0.99) ───")
    assert lines[8] == "business 14%   What business has to say."
    assert lines[9] == "                 line 1: Finding 1 of business, told at some length."
    assert lines[-1] == "everything: quorum show t1 --json"


def test_a_wide_terminal_names_the_specialists_in_full() -> None:
    assert printed(outcome(["a.md"]), width=120)[3].split()[5:] == list(SPECIALISTS)


@pytest.mark.parametrize(("documents", "findings"), [(1, 4), (3, 2), (6, 1), (30, 0)])
def test_the_more_documents_the_fewer_findings_of_each(documents: int, findings: int) -> None:
    lines = printed(outcome([f"{n}.md" for n in range(documents)]))

    assert sum(": Finding" in line and "of business" in line for line in lines) == documents * findings
    assert len(lines) < 20 + documents * (2 + 7 * (1 + findings) + 1)


def test_a_finding_that_only_repeats_the_headline_is_left_out_and_kinds_take_turns() -> None:
    given = outcome(["a.md"])
    given["result"]["a.md"]["value"]["specialists"]["summary"]["findings"] = [
        finding(1, "What summary has to say.", "first"),
        finding(2, "Second.", "second"),
        finding(3, "Another second.", "second"),
        finding(4, "Third.", "third"),
    ]

    lines = printed(given)

    at = lines.index("summary 14%    What summary has to say.")
    found = [line.strip() for line in lines[at + 1 : at + 4]]
    assert found == ["line 2: Second.", "line 4: Third.", "line 3: Another second."]


def test_where_to_look_next_names_the_place_the_severity_and_who_found_it() -> None:
    look = finding(7, "The link leads nowhere.", "broken_link", severity="error", specialist="technical")
    lines = printed(outcome(["a.md"], result={"a.md": document("a.md", [look, {**look, "where": {"page": 3}}])}))

    assert "look next      line 7, error (technical): The link leads nowhere." in lines
    assert "               page 3, error (technical): The link leads nowhere." in lines


def test_what_is_missing_is_told_together_with_its_reason() -> None:
    given = outcome(["a.md"], status="partial")
    for who in SPECIALISTS:
        record = {"status": "failed", "group": "b.md", "specialist": who, "seconds": 0.0, "reason": "b.md: is empty"}
        given["branches"][f"{who}@b.md"] = record
    cut = {"status": "cut", "group": "c.md", "specialist": "content", "seconds": 9.0, "reason": "still running"}
    given["branches"]["content@c.md"] = cut

    lines = printed(given)

    at = lines.index("Not in the result: 8 branches")
    assert lines[at + 1] == " ✗ b.md: 7 specialists failed: b.md: is empty"
    assert lines[at + 2] == " ✂ c.md: content cut: still running"


def test_a_waiting_run_says_what_is_asked_and_how_to_answer() -> None:
    question = {
        "action_requests": [{"name": "approve_result", "description": "quality 0.65 is low. Approve the result?"}],
        "review_configs": [{"action_name": "approve_result", "allowed_decisions": ["approve", "reject"]}],
    }
    lines = printed(outcome(["a.md"], status="waiting", interrupts={"q1": question}))

    at = lines.index("quality 0.65 is low. Approve the result?")
    assert lines[at + 1] == "  answer: quorum resume t1 --answer approve|reject"


def test_a_failed_run_says_why() -> None:
    error = {"type": "CriticalFailure", "message": "0 of 7 branches succeeded, at least 1 must", "transient": False}
    lines = printed(outcome([], status="failed", result=None, attribution=[], error=error))

    assert lines[0].startswith("failed")
    assert lines[1] == "0 of 7 branches succeeded, at least 1 must"


BELOW = "quality 0.61 is below the target 0.8"


def below_target(branches: list[str], **parts: float) -> dict[str, Any]:
    given = outcome(["a.md"], status="partial")
    for name in branches:
        given["branches"][name]["quality"] = {"score": 0.6, "consistency": None, **parts}
    given["findings"] = [{"check": "quality", "severity": "error", "message": BELOW, "branches": branches}]
    return given


@pytest.mark.parametrize(
    ("parts", "meaning"),
    [
        ({"confidence": 0.1, "completeness": 1.0}, ": there is too little text in English to be sure"),
        ({"confidence": 0.7, "completeness": 0.2}, ": only a part of the text could be analysed"),
        ({"confidence": 1.0, "completeness": 1.0}, ""),
        ({}, ""),
    ],
)
def test_a_missed_quality_target_is_told_from_missing_branches(parts: dict[str, float], meaning: str) -> None:
    lines = printed(below_target(["content@a.md", "summary@a.md"], **parts), width=160)

    assert lines[1] == f"all 7 branches answered; the measured {BELOW}{meaning}"
    assert lines[2].startswith("sync point: ")


def test_a_missed_quality_target_next_to_a_failed_branch_is_no_more_than_a_finding() -> None:
    given = below_target(["content@a.md"], confidence=0.1)
    given["branches"]["summary@a.md"]["status"] = "failed"

    assert printed(given)[1] == BELOW


def test_one_branch_is_one_branch() -> None:
    stream = io.StringIO()
    PlainProgress(stream).begin(Board.of([{"branch_id": "a@b", "specialist": "a", "group": "b"}]), "thread t")
    given = below_target(["content@a.md"], confidence=0.1)
    given["branches"] = {"content@a.md": given["branches"]["content@a.md"]}

    assert stream.getvalue().endswith("thread t: 1 branch\n")
    assert printed(given)[1].startswith("the only branch answered; ")


def test_nothing_in_a_document_steers_the_terminal() -> None:
    name = "\x1b]0;owned\x07.md"
    given = outcome([name])
    given["result"][name]["value"]["specialists"]["content"]["headline"] = "\x1b[2J[bold]gone[/bold]"

    text = "\n".join(printed(given))

    assert "\x1b" not in text
    assert "[bold]gone[/bold]" in text
