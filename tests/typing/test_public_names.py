"""The public names are few and listed, cost nothing until they are asked for, and each is written about."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import langgraph_quorum

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LAZY = ("langgraph_quorum", "langgraph_quorum.orchestration.persistence")
PUBLIC = (
    *LAZY,
    "langgraph_quorum.graphs.composition",
    "langgraph_quorum.nodes.checks",
    "langgraph_quorum.nodes.scorers",
)


def shown_to_checkers(source: str) -> dict[str, str]:
    """By name, the module that a type checker takes it from: what is imported under `if TYPE_CHECKING`."""
    (block,) = [
        one for one in ast.parse(source).body if isinstance(one, ast.If) and ast.unparse(one.test) == "TYPE_CHECKING"
    ]
    imports = [one for one in block.body if isinstance(one, ast.ImportFrom)]
    return {alias.name: str(one.module) for one in imports for alias in one.names}


@pytest.mark.parametrize("package", LAZY)
def test_checkers_and_the_interpreter_are_told_the_same(package: str) -> None:
    module = importlib.import_module(package)
    homes = {name: f"langgraph_quorum.{home}" for home, names in module._HOMES.items() for name in names}
    assert homes == shown_to_checkers(Path(str(module.__file__)).read_text("utf-8"))
    assert sorted(homes) == sorted(module.__all__)
    for name, home in homes.items():
        assert getattr(module, name) is getattr(importlib.import_module(home), name)
    assert set(module.__all__) <= set(dir(module))


@pytest.mark.parametrize("package", PUBLIC)
def test_what_is_listed_is_there_and_says_what_it_is(package: str) -> None:
    module = importlib.import_module(package)
    for name in module.__all__:
        found = getattr(module, name)
        if isinstance(found, type) or hasattr(found, "__code__"):
            assert (found.__doc__ or "").strip(), f"{package}.{name} has no docstring"
            assert not (found.__doc__ or "").startswith(f"{name}("), f"{package}.{name}: its docstring was made for it"


def test_a_name_that_is_not_there_is_refused_by_name() -> None:
    with pytest.raises(AttributeError, match=r"module 'langgraph_quorum' has no attribute 'Orchestrater'"):
        langgraph_quorum.Orchestrater  # type: ignore[attr-defined]  # noqa: B018


def test_importing_the_package_imports_neither_langgraph_nor_a_postgres_driver() -> None:
    code = "import sys, langgraph_quorum; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    heavy = {"asyncio", "langchain_core", "langgraph", "psycopg", "pydantic"}
    assert heavy & set(done.stdout.split()) == set()


def test_every_public_name_is_written_about() -> None:
    written = "\n".join(page.read_text("utf-8") for page in PAGES)
    marked = "\n".join([*re.findall(r"```python\n(.*?)```", written, re.DOTALL), *re.findall(r"`([^`\n]+)`", written)])
    words = set(re.findall(r"\w+", marked))
    assert sorted(set(langgraph_quorum.__all__) - words) == []


def test_every_public_name_is_used_where_checkers_are_strict() -> None:
    used: set[str] = set()
    for path in (ROOT / "tests" / "typing" / "right").glob("*.py"):
        source = path.read_text("utf-8")
        assert source.startswith("# pyright: strict")
        used |= {one.id for one in ast.walk(ast.parse(source)) if isinstance(one, ast.Name)}
    assert sorted(set(langgraph_quorum.__all__) - used) == []
