"""The quickstart, done as it says: the program is saved, run, stopped with Ctrl-C, and goes on when it is run again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, blocks

PAGE = (DOCS / "quickstart.md").read_text("utf-8")
BEGUN = ["security begins", "speed begins", "legal begins"]


def test_every_extra_that_a_program_may_use_is_there_with_what_it_takes() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    of_this_repository = {"all", "docs", "test", "dev"}
    rows = [line.split("|") for line in PAGE.splitlines() if line.startswith("| `")]
    assert {row[1].strip(" `") for row in rows if "MB" in row[3]} == extras.keys() - of_this_repository


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The page's program."""
    (code,) = blocks(PAGE, "python")
    saved = tmp_path / "review.py"
    saved.write_text(code, "utf-8")
    return saved


def hurry(program: Path) -> None:
    """What takes ten seconds takes a moment from now on."""
    code = program.read_text("utf-8")
    assert code.count("sleep(10)") == 1
    program.write_text(code.replace("sleep(10)", "sleep(0.2)"), "utf-8")


def run(program: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-u", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
        preexec_fn=heed_ctrl_c,  # noqa: PLW1509  it does nothing but a system call
    )


def heed_ctrl_c() -> None:
    """As in a terminal: what a shell starts in the background is made to ignore it."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.usefixtures("own_server")
def test_a_run_that_was_stopped_goes_on_as_the_quickstart_says(program: Path) -> None:
    stopped, listed, resumed = blocks(PAGE, "text")

    with run(program) as first:
        assert first.stdout is not None
        seen = [first.stdout.readline().strip() for _ in BEGUN]
        first.send_signal(signal.SIGINT)
        _, trace = first.communicate(timeout=60)
    assert sorted(seen) == sorted(BEGUN)
    assert set(seen) < {line.removeprefix("^C") for line in stopped.splitlines()}
    assert trace.splitlines()[-1] == stopped.splitlines()[-1] == "KeyboardInterrupt"

    quorum = Path(sys.executable).with_name("quorum")
    table = subprocess.run([quorum, "runs"], capture_output=True, text=True, timeout=60, check=True).stdout
    (head, row), (shown_head, shown) = table.strip().splitlines(), listed.strip().splitlines()
    assert (head.split(), row.split()[:2]) == (shown_head.split(), shown.split()[:2])

    hurry(program)
    with run(program) as second:
        said, _ = second.communicate(timeout=60)
    assert sorted(line.strip() for line in said.splitlines()) == sorted(line.strip() for line in resumed.splitlines())
