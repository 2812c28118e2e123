"""`quorum review`: the question of a run is shown, and answered from the command line or not at all."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from langgraph_quorum import Branch, Orchestrator, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.graphs.workflow import Tuning
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


def test_resume_says_that_its_answer_was_not_taken_as_well(quorum: Quorum, waiting: str) -> None:
    refused = quorum("resume", "t1", "--answer", "aprove", "--dsn", waiting, "--quiet")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "aprove" in one_complaint(refused.stderr)
    assert "; the question is still open: quorum review t1 --dsn ..." in refused.stderr
    assert quorum("resume", "t1", "--answer", "approve", "--dsn", waiting, "--quiet").returncode == 0


def test_the_default_is_not_carried_out_before_the_time_is_up(quorum: Quorum, waiting: str) -> None:
    done = quorum("review", "t1", "--expired", "--dsn", waiting, "--quiet")
    assert done.returncode == 2
    assert "the question is open until" in one_complaint(done.stderr)


def test_a_run_of_a_python_program_is_reviewed_there(quorum: Quorum, database: str) -> None:
    asyncio.run(_kept(database, "mine", {}))
    done = quorum("review", "t1", "--approve", "--dsn", database, "--quiet")
    assert done.returncode == 2
    assert "with Orchestrator.resume" in one_complaint(done.stderr)


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
    again = quorum("review", "a", "--retry", "linguistic@pep.rst", "--message", "be brief", *dsn)
    assert again.returncode == 5, again.stderr  # it asks about the new result
    told = [
        event["why"] for event in quorum.json("show", "a", "--json", *dsn)["timeline"] if event["event"] == "retried"
    ]
    assert told == ["a human wants 1 branch done once more: be brief"]
    answered = quorum("review", "a", "--approve", *dsn)
    assert answered.returncode == 0, answered.stderr
    assert quorum.json("show", "a", "--json", *dsn)["status"] == "approved"


def test_a_pause_nobody_answers_in_time_ends_as_its_analysis_was_told(quorum: Quorum, database: str) -> None:
    at_once = ("--expires", "0.000001", "--on-expiry", "approve")  # up when the command that asks has ended
    dsn, asks = ("--dsn", database), ("--pause-before", "sync_point", *at_once)
    paused = quorum("run", "analyse", "pep.rst", "--specialist", "linguistic", "--thread", "a", *asks, *dsn)
    assert paused.returncode == 5, paused.stderr
    assert "Go on with what has come in?" in paused.stdout
    shown = quorum("review", "a", *dsn)
    assert shown.stdout.splitlines()[0] == "Go on with what has come in?"
    assert " - linguistic@pep.rst: succeeded" in shown.stdout.splitlines()
    assert " ".join(shown.stdout.split()).endswith("quorum review a --dsn ... --expired (approve)")
    done = quorum("review", "a", "--expired", *dsn)
    assert done.returncode == 0, done.stderr
    why = [
        event["why"] for event in quorum.json("show", "a", "--json", *dsn)["timeline"] if event["event"] == "went_on"
    ]
    assert [said.split(" until ")[0] for said in why] == ["nobody answered"]


@pytest.mark.parametrize(
    ("option", "value", "mend"),
    [
        ("--pause-before", "analyzer", "give sync_point or validator"),
        ("--expires", "0", "give seconds above 0"),
        ("--expires", "nan", "give seconds above 0"),
        ("--on-expiry", "wait", "give 'approve' or 'reject'"),
    ],
)
def test_a_pause_or_an_expiry_that_there_is_not_is_refused(quorum: Quorum, option: str, value: str, mend: str) -> None:
    refused = quorum("run", "analyse", "pep.rst", option, value, "--dsn", NOWHERE)
    assert refused.returncode == 2
    assert one_complaint(refused.stderr) == f"quorum: {option} {value}: {mend}"


@pytest.mark.parametrize(
    ("options", "mend"),
    [
        (("--expires", "60"), "--expires 60: nobody is asked: give --review or --pause-before, too"),
        (
            ("--on-expiry", "approve", "--review", "unmet"),
            "--on-expiry approve: no question expires: give --expires, too",
        ),
    ],
    ids=["no question", "no expiry"],
)
def test_an_expiry_that_would_do_nothing_is_refused(quorum: Quorum, options: tuple[str, ...], mend: str) -> None:
    refused = quorum("run", "analyse", "pep.rst", *options, "--dsn", NOWHERE)
    assert refused.returncode == 2
    assert one_complaint(refused.stderr) == f"quorum: {mend}"


def test_a_time_to_ask_that_there_is_not_is_refused(quorum: Quorum) -> None:
    refused = quorum("run", "analyse", "pep.rst", "--review", "sometimes", "--dsn", NOWHERE)
    assert refused.returncode == 2
    assert one_complaint(refused.stderr) == "quorum: --review sometimes: give 'never', 'unmet' or 'always'"
