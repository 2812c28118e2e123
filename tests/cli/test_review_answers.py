"""An answer comes from options, a person at the terminal, or that person's editor."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from langgraph_quorum.orchestration.cli.exits import RefusedError
from langgraph_quorum.orchestration.cli.review import OpenQuestion
from langgraph_quorum.orchestration.cli.review_answers import Asked, answer_of
from langgraph_quorum.orchestration.cli.review_dialogue import ask


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
        pytest.param(Asked(value="[" * 20_000), "--value: is nested too deep to be read", id="deep"),
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
