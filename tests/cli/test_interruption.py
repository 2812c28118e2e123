"""Ctrl-C and SIGTERM: the first drains and says how to go on, the second ends the process at once."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import NOWHERE, QUICK, SAMPLES, Quorum, branches_kept, finished, one_complaint, wait_until


def test_ctrl_c_drains_and_resume_goes_on(quorum: Quorum, database: str) -> None:
    ask = ("--dsn", database, "--json", "-")
    with quorum.going("run", "analyse", str(SAMPLES), "--thread", "c1", *QUICK, *ask) as process:
        wait_until(lambda: branches_kept(database, "c1") >= 2, process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    stopped = quorum.json("show", "c1", "--dsn", database, "--json")
    before = finished(stopped)
    outcome = quorum.json("resume", "c1", *ask)

    assert process.returncode == 130, err
    assert "stopping: what is finished is kept" in err
    assert one_complaint(err).startswith(f"quorum: stopped: {len(before)} branches finished and kept, go on with: ")
    assert one_complaint(err).endswith("quorum resume c1 --dsn ...")
    assert stopped["status"] == "interrupted"
    assert outcome["status"] == "approved"
    assert {name: outcome["branches"][name] for name in before} == before


def test_sigterm_drains_as_well(quorum: Quorum, database: str) -> None:
    with quorum.going("run", "analyse", str(SAMPLES), "--thread", "c2", *QUICK, "--dsn", database) as process:
        wait_until(lambda: branches_kept(database, "c2") >= 1, process)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)

    assert process.returncode == 143, err
    assert out == ""  # half a result is not shown as one
    assert "go on with: quorum resume c2" in one_complaint(err)


def test_a_signal_before_the_run_begins_starts_nothing(quorum: Quorum) -> None:
    with quorum.going("run", "analyse", "-", "--dsn", NOWHERE, stdin=subprocess.PIPE) as process:
        assert "reading the documents" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=20)
        err = process.stderr.read()

    assert code == 130
    assert err == "quorum: interrupted: no run was going on\n"


EARLY = """
import sys
from langgraph_quorum.orchestration.cli import looping
from langgraph_quorum.orchestration.cli.entry import main

def interrupted(work):
    raise KeyboardInterrupt

looping.run_to_end = interrupted
sys.exit(main())
"""


def test_ctrl_c_before_a_command_has_begun_its_work_is_told() -> None:
    done = subprocess.run([sys.executable, "-c", EARLY, "runs"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "quorum: interrupted\n")


STUBBORN = """
import asyncio, sys
from langgraph_quorum.orchestration.cli.looping import run_to_end
from langgraph_quorum.orchestration.run import Run

async def work(interruption):
    run = Run("t1")
    interruption.drain(run, lambda words: print(words, flush=True), lambda: print("terminal is given back", flush=True))
    print("ready", flush=True)
    await asyncio.Event().wait()

run_to_end(work)
"""


def test_the_second_signal_ends_the_process_at_once(tmp_path: Path) -> None:
    script = tmp_path / "stubborn.py"
    script.write_text(STUBBORN, encoding="utf-8")
    process = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "stopping: what is finished is kept (again to stop at once)\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    finally:
        process.kill()

    assert process.returncode == 130
    assert out == "terminal is given back\n"
    assert err == "quorum: stopped at once; what was finished is kept\n"
