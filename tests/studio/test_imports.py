"""What loading the shipped graphs does: it reads code, and touches nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from langgraph_quorum.orchestration.persistence import dsn
from langgraph_quorum.orchestration.studio import memory
from tests.studio.server import ROOT, shipped

# All is imported once, so that other packages' own doings are over; then ours again, watched.
WATCHED = """
import importlib, json, os, pathlib, sys

homes = json.loads(sys.argv[1])
for home in homes:
    importlib.import_module(home)
for name in [name for name in sys.modules if name.split(".")[0] == "langgraph_quorum"]:
    del sys.modules[name]
touched = []
KINDS = ("open", "os.", "shutil.", "socket.", "subprocess.", "sqlite3.", "tempfile.", "urllib.", "http.")

def watch(event, arguments):
    if event.startswith(KINDS):
        touched.append([event, str(arguments[0]) if arguments else ""])

def watched(name):
    plain = getattr(os, name)

    def look(path, *more, **named):
        touched.append([f"os.{name}", str(path)])
        return plain(path, *more, **named)

    return look

# No audit event tells of these. Importing has its own way to them, past `os`.
for name in ("stat", "lstat", "access", "readlink", "statvfs"):
    setattr(os, name, watched(name))
sys.addaudithook(watch)
for home in homes:
    importlib.import_module(home)
seen = list(touched)
pathlib.Path("pyproject.toml").is_file(), os.path.islink("README.md"), os.access("Makefile", os.R_OK)
looks = touched[len(seen):]
print(json.dumps({"touched": seen, "looks": looks, "loaded": sorted({name.split(".")[0] for name in sys.modules})}))
"""
BY_IMPORTING = {"open": (".py", ".pyc"), "os.listdir": ("",)}
"""What importing does by itself: it looks into folders and opens code."""
OF_SPECIALISTS = {"bs4", "dateutil", "docutils", "numpy", "proselint", "pypdf", "scipy", "sklearn", "vaderSentiment"}
HOMES = [
    *(settings["path"].split(":")[0] for settings in shipped()["graphs"].values()),  # type: ignore[attr-defined]
    "langgraph_quorum.orchestration.studio.checkpointer",
]


@pytest.fixture(scope="module")
def loading() -> Any:
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, json.dumps(HOMES)], cwd=ROOT, capture_output=True, timeout=120, check=True
    )
    return json.loads(done.stdout)


def test_the_graphs_touch_and_look_at_no_file_socket_or_process_when_they_are_imported(loading: Any) -> None:
    assert ["open"] in [event[:1] for event in loading["touched"]]  # the code itself: the watch is on
    assert loading["looks"] == [["os.stat", "pyproject.toml"], ["os.lstat", "README.md"], ["os.access", "Makefile"]]
    others = [
        (event, path) for event, path in loading["touched"] if not path.endswith(BY_IMPORTING.get(event, ("nothing",)))
    ]
    assert others == []


def test_the_libraries_of_the_specialists_and_the_driver_are_left_to_whoever_needs_them(loading: Any) -> None:
    assert OF_SPECIALISTS.isdisjoint(loading["loaded"])
    assert "psycopg" not in loading["loaded"]


def test_the_variable_that_names_the_database_is_the_same_everywhere() -> None:
    assert memory.DSN_VARIABLE == dsn.DSN_VARIABLE
