"""`quorum review`: the question shown, the disagreement side by side, and every answer as an option."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from langgraph_quorum import Branch, Orchestrator, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.graphs.workflow import Tuning
from langgraph_quorum.orchestration.cli.exits import RefusedError
from langgraph_quorum.orchestration.cli.rendering.review import render_review
from langgraph_quorum.orchestration.cli.review import OpenQuestion
from langgraph_quorum.orchestration.cli.review_answers import Asked, answer_of
from langgraph_quorum.orchestration.cli.review_dialogue import ask
from langgraph_quorum.orchestration.cli.settings import WORKFLOW, AnalysisSettings
from langgraph_quorum.state.policies import Policies, ReviewPolicy, ValidationPolicy
from tests.cli.conftest import NOWHERE, Quorum, one_complaint

CREW = ("content", "quality")
TUNING = Tuning(policies=Policies(validation=ValidationPolicy(review="always"), review=ReviewPolicy(expires_s=3600)))


async def _answers(branch: Branch) -> dict[str, Any]:
    await asyncio.sleep(0)
    return {"headline": f"{branch.branch_id} says", "findings": [], "confidence": 0.9}


async def _kept(dsn: str, workflow: str, options: dict[str, Any]) -> None:
    builder = build_workflow([Specialist(name, _answers) for name in CREW], tuning=TUNING)
    async with Orchestrator.open(builder, dsn, workflow=workflow) as quorum:
        outcome = await (await quorum.start({"task": "Analyse"}, "t1", options=options)).result()
    assert outcome["status"] == "waiting"


@pytest.fixture
def waiting(database: str) -> str:
    """A database that holds the analysis `t1`, which asks about its result; its branches are `content`, `quality`."""
    options = AnalysisSettings(CREW, SyncPolicy(), "auto", review="always").as_options()
    asyncio.run(_kept(database, WORKFLOW, options))
    return database


def test_a_question_is_shown_plainly_where_there_is_no_terminal_and_stays_open(quorum: Quorum, waiting: str) -> None:
    done = quorum("review", "t1", "--dsn", waiting)
    assert done.returncode == 5
    lines = done.stdout.splitlines()
    assert lines[0] == "Approve the result?"
    assert lines[1].startswith("quality 0.90")
    assert "answer: quorum review t1 --dsn ... ..." in lines
    assert "\x1b" not in done.stdout
    assert max(map(len, lines)) <= 80


def test_json_holds_the_question_as_the_run_asks_it(quorum: Quorum, waiting: str) -> None:
    shown = quorum.json("review", "t1", "--json", "--dsn", waiting)
    ((_, question),) = shown["interrupts"].items()
    assert (shown["status"], shown["overdue"]) == ("waiting", False)
    assert question["action_requests"][0]["name"] == "approve_result"


def test_a_picked_result_is_the_result(quorum: Quorum, waiting: str) -> None:
    outcome = quorum.json("review", "t1", "--pick", "quality", "--json", "--dsn", waiting)
    assert (outcome["status"], outcome["result"]["headline"]) == ("approved", "quality says")


def test_an_edited_result_comes_from_a_file(quorum: Quorum, waiting: str) -> None:
    (quorum.folder / "mine.json").write_text('{"headline": "mine"}')
    outcome = quorum.json("review", "t1", "--edit", "mine.json", "--message", "clearer", "--json", "--dsn", waiting)
    assert (outcome["status"], outcome["result"]) == ("approved", {"headline": "mine"})
    assert "a human edited the result: clearer" in [event["why"] for event in outcome["timeline"]]


def test_a_rejected_run_has_failed(quorum: Quorum, waiting: str) -> None:
    done = quorum("review", "t1", "--reject", "too dry", "--dsn", waiting, "--quiet")
    assert done.returncode == 4
    assert done.stdout.splitlines()[1] == "too dry"
    again = quorum("review", "t1", "--approve", "--dsn", waiting, "--quiet")
    assert again.returncode == 2
    assert "asks nothing about its result, it is failed" in one_complaint(again.stderr)


def test_an_answer_that_the_run_does_not_take_is_refused_and_the_next_one_taken(quorum: Quorum, waiting: str) -> None:
    refused = quorum("review", "t1", "--pick", "qualty", "--dsn", waiting, "--quiet")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "there is no branch 'qualty': did you mean 'quality'?" in one_complaint(refused.stderr)
    assert quorum("review", "t1", "--approve", "--dsn", waiting, "--quiet").returncode == 0


def test_the_default_is_not_carried_out_before_the_time_is_up(quorum: Quorum, waiting: str) -> None:
    done = quorum("review", "t1", "--expired", "--dsn", waiting, "--quiet")
    assert done.returncode == 2
    assert "the question is open until" in one_complaint(done.stderr)


def test_a_run_of_a_python_program_is_reviewed_there(quorum: Quorum, database: str) -> None:
    asyncio.run(_kept(database, "mine", {}))
    done = quorum("review", "t1", "--approve", "--dsn", database, "--quiet")
    assert done.returncode == 2
    assert "with Orchestrator.resume" in one_complaint(done.stderr)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        (Asked(), None),
        (Asked(expired=True), None),
        (Asked(approve=True, message="fine"), {"type": "approve", "message": "fine"}),
        (Asked(reject="no"), {"type": "reject", "message": "no"}),
        (Asked(retry=("a", "b")), {"type": "retry", "branches": ["a", "b"]}),
        (Asked(value="null"), {"type": "edit", "value": None}),
        (Asked(value='"text"'), {"type": "edit", "value": "text"}),
    ],
)
def test_options_make_an_answer(asked: Asked, answer: Any) -> None:
    assert answer_of(asked) == answer


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (Asked(approve=True, pick="a"), "--approve and --pick: give one answer"),
        (Asked(reject="no", expired=True), "--reject and --expired: give one answer"),
        (Asked(message="x"), "--message: give it with"),
        (Asked(value="text"), "--value: is not JSON"),
        (Asked(value='{"x": Infinity}'), "Infinity is no JSON number"),
        (Asked(edit="nowhere.json"), "--edit nowhere.json: cannot be read"),
    ],
)
def test_options_that_make_no_answer_are_refused(asked: Asked, message: str) -> None:
    with pytest.raises(RefusedError, match=message):
        answer_of(asked)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "result.json"
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(RefusedError, match="it is not UTF-8"):
        answer_of(Asked(edit=str(file)))


def typed(monkeypatch: pytest.MonkeyPatch, *lines: str, value: Any = None) -> Any:
    """The answer of a person who types these lines."""
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
    allowed = ["approve", "edit", "pick", "retry", "reject"]
    return ask(OpenQuestion("t1", "q1", {"review": {"allowed": allowed}}, value, overdue=False))


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        (["approve"], {"type": "approve"}),
        (["A"], {"type": "approve"}),
        (["re", "rej", "too dry"], {"type": "reject", "message": "too dry"}),
        (["pick", " a "], {"type": "pick", "branch": "a"}),
        (["ret", "a, b,", "be brief"], {"type": "retry", "branches": ["a", "b"], "message": "be brief"}),
        (["perhaps", "later"], None),
        ([""], None),
    ],
)
def test_a_person_at_the_terminal_is_asked_until_the_answer_is_one(
    monkeypatch: pytest.MonkeyPatch, lines: list[str], answer: Any
) -> None:
    assert typed(monkeypatch, *lines) == answer


def editor(folder: Path, command: str) -> str:
    """An editor that does this to the file."""
    script = folder / "editor.sh"
    script.write_text(f'#!/bin/sh\n{command} "$1"\n')
    script.chmod(0o755)
    return str(script)


def test_the_result_is_edited_in_the_persons_editor(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VISUAL", editor(tmp_path, "sed -i s/old/new/"))
    assert typed(monkeypatch, "edit", value={"x": "old"}) == {"type": "edit", "value": {"x": "new"}}
    assert typed(monkeypatch, "edit", value={"x": "kept"}) is None  # nothing was changed


def test_a_slip_in_the_editor_is_edited_again_or_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VISUAL", editor(tmp_path, "sed -i s/}//"))
    assert typed(monkeypatch, "edit", "n", value={"x": 1}) is None
    assert "the edited result: is not JSON" in capsys.readouterr().err


@pytest.mark.parametrize(("command", "message"), [("/nowhere/vi", "cannot be used"), ("false", "ended with 1")])
def test_an_editor_that_does_not_work_answers_nothing(
    monkeypatch: pytest.MonkeyPatch, command: str, message: str
) -> None:
    monkeypatch.setenv("VISUAL", command)
    with pytest.raises(RefusedError, match=message):
        typed(monkeypatch, "edit", value={"x": 1})


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


def test_the_question_is_on_standard_output_as_one_json_object(quorum: Quorum, waiting: str) -> None:
    shown = quorum("review", "t1", "--json", "--dsn", waiting)
    assert shown.returncode == 5
    assert set(json.loads(shown.stdout)) == {"thread_id", "status", "overdue", "interrupts"}


def test_an_analysis_that_asks_is_waited_for_and_answered(quorum: Quorum, database: str) -> None:
    dsn = ("--dsn", database)
    asked = quorum(
        "run", "analyse", "pep.rst", "--specialist", "linguistic", "--thread", "a", "--review", "always", *dsn
    )
    assert asked.returncode == 5
    answered = quorum("review", "a", "--approve", *dsn)
    assert answered.returncode == 0, answered.stderr
    assert quorum.json("show", "a", "--json", *dsn)["status"] == "approved"


def test_a_time_to_ask_that_there_is_not_is_refused(quorum: Quorum) -> None:
    refused = quorum("run", "analyse", "pep.rst", "--review", "sometimes", "--dsn", NOWHERE)
    assert refused.returncode == 2
    assert one_complaint(refused.stderr) == "quorum: --review sometimes: give 'never', 'unmet' or 'always'"
