"""The app of `examples/agent_app`, from a copy of its folder, on the wheel: every command is a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from tests.packaging.installing import ROOT, build, install

PROVIDER = Path(__file__).parent / "provider"
RULES = ("drafting", "money", "privacy", "time")
ADVISES = "advises on Are we liable?"
BOUND_S = 60

pytestmark = [pytest.mark.xdist_group("packaging"), pytest.mark.slow]


@dataclass
class Desk:
    """A copy of the app, the database it is told of, and the processes that were started."""

    python: Path
    folder: Path
    dsn: str
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def environment(self, model: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        own = {"DESK_MODEL": model, "QUORUM_DSN": self.dsn, "PYTHONPATH": str(PROVIDER)}
        return {**kept, **own, "CALLS": str(self.calls), "HOLD": str(self.hold)}

    @property
    def calls(self) -> Path:
        return self.folder.parent / "calls"

    def called(self) -> list[str]:
        """What the scripted model was called for."""
        return self.calls.read_text().splitlines()

    @property
    def hold(self) -> Path:
        return self.folder.parent / "hold"

    def start(self, *words: str, model: str = "offline") -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [self.python, "desk.py", *words],
            cwd=self.folder,
            env=self.environment(model),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def run(self, *words: str, model: str = "offline") -> tuple[int, str, str]:
        """What came of a process that was waited for."""
        return ended(self.start(*words, model=model))


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """The exit code, what was printed, and what was logged."""
    out, log = process.communicate(timeout=BOUND_S)
    return process.returncode, out, log


@pytest.fixture
def desk(python: Path, database: str, tmp_path: Path) -> Iterator[Desk]:
    shutil.copytree(
        ROOT / "examples" / "agent_app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__", ".*")
    )
    desk = Desk(python, tmp_path / "app", database)
    yield desk
    for process in desk.started:
        process.kill()
        process.communicate(timeout=BOUND_S)


def stored_branches(dsn: str) -> int:
    """How many branches of the fan-out have been written down."""
    with psycopg.connect(dsn, autocommit=True) as reader:
        if reader.execute("SELECT to_regclass('checkpoint_writes')").fetchone() == (None,):
            return 0
        found = reader.execute("SELECT count(*) FROM checkpoint_writes WHERE channel = 'branches'").fetchone()
    assert found is not None
    return int(found[0])


def kill_when(process: subprocess.Popen[str], come: Callable[[], bool]) -> str:
    """Kill a process with -9 once this is so, while it is running. Returns what it had logged."""
    until = time.monotonic() + BOUND_S
    while not come():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until, "it has not come to that"
        time.sleep(0.05)
    process.kill()
    return process.communicate(timeout=BOUND_S)[1]


def specialists(log: str) -> list[str]:
    """Who has begun, by the lines of a log."""
    return sorted(line.split()[1].rstrip(":") for line in log.splitlines())


def test_what_one_process_asks_another_is_answered_and_nothing_is_done_twice(desk: Desk) -> None:
    code, asked, log = desk.run("say", "c1", "Please review hosting.md")
    assert code == 5, log
    assert specialists(log) == list(RULES)
    assert "- high, clause 1.1: it refers to clause 9.2, which does not exist" in asked
    assert "## Approve the result?" in asked
    assert "Answer with: desk.py answer c1 approve\n" in asked

    code, said, log = desk.run("answer", "c1", "approve")
    assert (code, log) == (0, "")
    assert said.splitlines()[0] == "hosting.md: 14 findings"

    code, said, log = desk.run("answer", "c1", "approve")
    assert (code, said) == (2, "")
    assert log == "desk.py: nobody has asked anything in c1: desk.py go-on c1 shows how it stands\n"


def test_processes_killed_in_the_fan_out_and_in_an_answer_are_taken_up_and_nobody_who_has_finished_runs_again(
    desk: Desk,
) -> None:
    model = "ollama:scripted"
    desk.hold.touch()
    killed = desk.start("say", "c2", "Is our contract good?", model=model)
    log = kill_when(killed, lambda: stored_branches(desk.dsn) == len(RULES))
    assert specialists(log) == sorted([*RULES, "counsel"])

    desk.hold.unlink()
    code, asked, log = desk.run("go-on", "c2", model=model)
    assert (code, specialists(log)) == (5, ["counsel"])
    assert "- high, clause 4.1: negligence is left out" in asked
    assert "- high, clause 4.2: an obligation without limit" in asked

    desk.hold.touch()
    killed = desk.start("answer", "c2", "retry: counsel", model=model)
    kill_when(killed, lambda: desk.called().count(ADVISES) == 3)
    desk.hold.unlink()
    code, asked, log = desk.run("go-on", "c2", model=model)
    assert (code, specialists(log)) == (5, ["counsel"])

    code, said, log = desk.run("answer", "c2", "reject: ask a lawyer", model=model)
    assert (code, log) == (0, "")
    assert said == "It came to: workflow 'review_contract' failed: ask a lawyer\n"
    assert desk.called() == ["hears Is our contract good?", *[ADVISES] * 4, "reads the review"]


def test_an_unknown_conversation_and_a_model_that_is_not_named_are_a_clear_line_each(desk: Desk) -> None:
    unknown, unnamed = desk.start("answer", "nobody", "approve"), desk.start("say", "c3", "hello", model="")
    told = "desk.py: there is no conversation 'nobody': desk.py say nobody '...' begins one\n"
    assert ended(unknown) == (2, "", told)
    code, out, log = ended(unnamed)
    assert (code, out) == (2, "")
    assert log.startswith("desk.py: set DESK_MODEL to a chat model")
    assert len(log.splitlines()) == 1


def test_the_app_installs_whole_beside_this_package_and_has_its_command(desk: Desk, tmp_path: Path) -> None:
    wheel = build(desk.folder, "wheel", tmp_path / "wheel")
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(name for name in names if name.endswith("/METADATA"))).decode()
    assert {path.relative_to(desk.folder).as_posix() for path in desk.folder.rglob("*.py")} <= set(names)
    assert "Requires-Dist: langgraph-quorum[embedded]" in metadata

    environment = shutil.copytree(desk.python.parents[1], tmp_path / "environment", symlinks=True)
    install(environment / "bin" / "python", wheel)  # pip, without an index, is content with what is there
    assert (environment / "bin" / "desk").exists()
