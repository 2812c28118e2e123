"""Output that nobody reads, that is closed, or that its disk has no room for: no run ends of it, and no code lies."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, NOWHERE

FULL = Path("/dev/full")
"""Linux's device that has no room for anything."""


def run(
    *arguments: str, streams: str = "", stdout: int = subprocess.DEVNULL, stderr: int = subprocess.PIPE
) -> tuple[int, str]:
    """Exit code and standard error of a command whose streams the shell redirects."""
    done = subprocess.run(
        ["sh", "-c", f'"$@" {streams}', "sh", *COMMAND, *arguments],
        stdout=stdout,
        stderr=stderr,
        check=False,
        text=True,
    )
    return done.returncode, done.stderr or ""


def test_a_command_goes_on_when_nobody_reads_its_progress() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        code, _ = run("resume", "t1", "--dsn", NOWHERE, stderr=write)
    finally:
        os.close(write)

    assert code == 4, "it came to the database, which does not answer, and does not claim success"


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a device that is always full")
def test_output_that_has_no_room_is_a_failure_in_one_line() -> None:
    code, said = run("--version", streams=f">{FULL}")

    assert (code, said.count("\n")) == (4, 1)
    assert said.startswith("quorum: standard output cannot be written (No space left on device): make room")


def test_streams_that_were_closed_before_it_began_are_no_error() -> None:
    assert run("--version", streams=">&-") == (0, "")
    assert run("nonsense", streams=">&- 2>&-") == (2, "")


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_what_the_doctor_found_is_in_the_exit_code_though_nobody_reads_it(form: tuple[str, ...]) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        found = run("doctor", *form, "--dsn", NOWHERE, stdout=write)
    finally:
        os.close(write)

    assert found == (4, "")
