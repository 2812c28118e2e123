"""The way in: help at once, the version, and a clear word when an extra is not installed."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, NOWHERE, Quorum


def test_the_console_script_is_this_command() -> None:
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="quorum")

    assert script.value == "langgraph_quorum.orchestration.cli.entry:main"


def test_the_version_is_that_of_the_distribution(quorum: Quorum) -> None:
    done = quorum("--version")

    assert (done.returncode, done.stdout) == (0, f"quorum {importlib.metadata.version('langgraph-quorum')}\n")


def test_the_package_runs_as_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "langgraph_quorum", "doctr"], check=False, capture_output=True, text=True
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("quorum: No such command 'doctr'")


def test_help_names_no_type_for_a_flag(quorum: Quorum) -> None:
    told = [quorum(command, "--help").stdout.splitlines() for command in ("doctor", "delete", "prune", "resume")]
    flags = [line for lines in told for line in lines if "--" in line and "--help" not in line]

    assert len(flags) > 8
    assert not [line for line in flags if "<bool>" in line]


@pytest.mark.parametrize("arguments", [[], ["run"], ["run", "analyse"], ["resume"], ["doctor"]])
def test_every_command_explains_itself(quorum: Quorum, arguments: list[str]) -> None:
    done = quorum(*arguments, "--help")

    assert done.returncode == 0
    assert f"Usage: {' '.join(['quorum', *arguments])}" in done.stdout


def test_help_waits_for_nothing_heavy(quorum: Quorum) -> None:
    heavy = "{'langgraph.graph', 'langchain_core', 'psycopg', 'sklearn', 'rich.live'}"
    script = (
        "import sys, time; from langgraph_quorum.orchestration.cli.entry import main; sys.argv = ['quorum', '--help'];"
        f" main(); print(sorted({heavy} & set(sys.modules)), time.process_time(), file=sys.stderr)"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded, cpu_s = done.stderr.rsplit(maxsplit=1)

    assert loaded == "[]"
    assert float(cpu_s) < 0.7  # the processor's time, for other tests may run beside this one


BLOCKED = """
import importlib.abc, importlib.util, sys

class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
        return None

sys.meta_path.insert(0, Missing())
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name in {blocked!r} else found(name, package)
from langgraph_quorum.orchestration.cli.entry import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("blocked", "said"),
    [
        (("typer",), "the command line needs the extra 'cli': pip install 'langgraph-quorum[cli]'"),
        (("rich",), "the command line needs the extra 'cli': pip install 'langgraph-quorum[cli]'"),
        (("sklearn",), "analysing documents needs the extra 'documents': pip install 'langgraph-quorum[documents]'"),
        (("filelock",), "needs the extra 'embedded': pip install 'langgraph-quorum[embedded]'"),
    ],
)
def test_a_missing_extra_is_named_with_the_command_that_installs_it(
    quorum: Quorum, blocked: tuple[str, ...], said: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", BLOCKED.format(blocked=blocked), "run", "analyse", "pep.rst"],
        capture_output=True,
        cwd=quorum.folder,
        env=dict(quorum.environ),
        text=True,
        check=False,
    )

    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_it_runs_as_a_module_from_any_folder(tmp_path: Path) -> None:
    (tmp_path / "state.py").write_text("raise RuntimeError('not yours')", encoding="utf-8")

    done = subprocess.run([*COMMAND, "runs", "--dsn", NOWHERE], capture_output=True, cwd=tmp_path, check=False)

    assert done.returncode == 4


def test_our_warnings_are_complaints_and_those_of_parsers_are_not_repeated() -> None:
    script = (
        "import logging, warnings; from langgraph_quorum.orchestration.cli.logs import listen_to_logs;"
        " listen_to_logs(); logging.getLogger('langgraph_quorum.x').warning('the lease is late');"
        " logging.getLogger('pypdf').warning('odd object'); warnings.warn('old', stacklevel=1);"
        " logging.getLogger('pypdf').error('broken\\nobject')"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stderr == "quorum: the lease is late\nquorum: broken object\n"


def test_help_says_that_a_deadline_is_of_each_fan_out(quorum: Quorum) -> None:
    said = quorum("run", "analyse", "--help", environ={"COLUMNS": "300"}).stdout

    assert "When each fan-out goes on with what there is" in said
    assert "sent out once more, so a run can take up to twice as long" in said


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("prune",), "Keep the newest N of all runs with that status, workflow and tag, however old."),
        (("db", "tenants", "bind"), "Run it as a superuser, or as the tables' owner with the right to ALTER ROLE."),
    ],
)
def test_help_says_what_is_kept_and_who_may_do_it(quorum: Quorum, command: tuple[str, ...], said: str) -> None:
    told = quorum(*command, "--help", environ={"COLUMNS": "300", "TERM": "dumb"}).stdout
    assert said in " ".join(told.split())
