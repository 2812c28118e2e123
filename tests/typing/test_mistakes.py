"""A user's mistake shows in mypy and in pyright, at its line, and nothing else does."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.typing.checking import FILES, HERE, Errors, marked, mypy, pyright

CHECKERS = [pytest.param(one, marks=pytest.mark.xdist_group(one.__name__), id=one.__name__) for one in (mypy, pyright)]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(HERE).as_posix())
@pytest.mark.parametrize("check", CHECKERS)
def test_a_checker_finds_the_marked_lines_and_no_others(check: Callable[[], Errors], path: Path) -> None:
    found = check().get(path.relative_to(HERE).as_posix(), {})
    lines = path.read_text("utf-8").splitlines()
    missed = [f"{line}: {lines[line - 1].strip()}" for line in sorted(marked(path) - found.keys())]
    assert missed == [], "nothing is said of these"
    assert {line: said for line, said in found.items() if line not in marked(path)} == {}


@pytest.mark.parametrize("path", [one for one in FILES if one.parent.name == "right"], ids=lambda path: path.stem)
def test_what_is_right_for_checkers_is_right_when_it_is_run(path: Path) -> None:
    assert runpy.run_path(str(path))


def test_there_are_mistakes_to_find() -> None:
    assert {path.name: len(marked(path)) > 20 for path in FILES if path.parent.name == "wrong"} == {
        "building.py": True,
        "running.py": True,
    }
