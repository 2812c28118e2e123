"""What the pages show beside Python is real: commands, settings, SQL; an operator's commands work well in order."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import tomllib
import uuid
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click import ClickException
from langgraph_cli.config import validate_config
from psycopg.conninfo import make_conninfo

from langgraph_quorum.orchestration.cli.app import app
from langgraph_quorum.orchestration.persistence.keys import generate_key
from tests.docs.pages import DOCS, PAGES, README, ROOT, blocks, called
from tests.docs.shell import Shell

OPERATIONS = (DOCS / "operations.md").read_text("utf-8")
PROSE = re.compile(r"`((?:[A-Z_]+=\S+ )*(?:\S*\.venv/bin/)?(?:quorum|langgraph|make|python3?|pip|desk) [^`]+)`")
SAVED = re.compile(r"[Ss]ave this as `([^`]+)`")


def in_sentences(page: Path) -> list[str]:
    """The commands between backticks."""
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    return [" ".join(said.split()) for said in PROSE.findall(text)]


def starts(page: Path) -> list[Path]:
    """Where a page's blocks may begin: at the clone's root, and for an example in its own folder, too."""
    return [ROOT, page.parent] if ROOT / "examples" in page.parents else [ROOT]


def wrong_in(page: Path, block: str, made: set[str], *, in_a_sentence: bool = False) -> list[str]:
    """What is wrong with a block, from each place where it may begin; [] where it is right from one.

    What it makes is added to `made`, for the next one.
    """
    wrong: list[str] = []
    for folder in starts(page):
        shell = Shell(folder, set(made), in_a_sentence)
        try:
            shell.read(block)
        except (AssertionError, ClickException) as said:
            wrong.append(str(said))
        else:
            made |= shell.made
            return []
    return wrong


@pytest.mark.parametrize("page", [page for page in PAGES if "```bash" in page.read_text("utf-8")], ids=called)
def test_what_the_shell_blocks_of_a_page_name_is_there(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    text = page.read_text("utf-8")
    made = set(SAVED.findall(text))
    assert [wrong for block in blocks(text, "bash") for wrong in wrong_in(page, block, made)] == []


@pytest.mark.parametrize("page", [page for page in PAGES if in_sentences(page)], ids=called)
def test_the_commands_in_the_sentences_of_a_page_are_there(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    said = in_sentences(page)
    assert [wrong for command in said for wrong in wrong_in(page, command, set(), in_a_sentence=True)] == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("langgraph devv", "langgraph devv: there is no such command"),
        ("langgraph dev --portt 1", "No such option"),
        ("python revieww.py", "revieww.py: there is no such file"),
        ("python -m tests.schedule --seeds 1", "tests.schedule: there is no such module"),
        (".venv/bin/quorum runn", "quorum runn: there is no such command"),
        ("quorum run analyse documents/pep-0020.rst", "documents/pep-0020.rst: there is no such file"),
        ("(cd examples/agent_app && DESK_MODEL=offline python desk.py sayy june x)", "sayy: desk.py does not know it"),
        ("cd exampels", "exampels: there is no such file"),
        ("make testt", "testt: the Makefile does not know it"),
        ("make test PARTS=tests", "PARTS=tests: the Makefile does not know it"),
        ('pip install ".[embeded]"', "no extras"),
        ("pip install ../.. .", "no project is there"),
        ("pg_dump --formatt=custom", "--formatt: pg_dump does not know it"),
        (". .venv-desk/bin/activate", "there is no such file"),
        ("quorun runs", "quorun: there is no such program"),
    ],
)
def test_a_misspelt_command_is_noticed(wrong: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (said,) = wrong_in(README, wrong, set())
    assert told in said


def graphs_of(settings: Any) -> list[str]:
    """The paths that a langgraph.json names, where it is one."""
    graphs = settings.get("graphs", {}).values()
    return [graph if isinstance(graph, str) else graph["path"] for graph in graphs]


SETTINGS = [page for page in PAGES if re.search(r"```(json|toml)\n", page.read_text("utf-8"))]


@pytest.mark.parametrize("page", SETTINGS, ids=called)
def test_the_settings_of_a_page_parse_and_name_graphs_of_ours_that_exist(page: Path) -> None:
    text = page.read_text("utf-8")
    for block in blocks(text, "json"):
        check_settings(json.loads(block))
    for block in blocks(text, "toml"):
        tomllib.loads(block)


@pytest.mark.parametrize("page", PAGES, ids=called)
def test_every_block_of_a_page_is_of_a_kind_that_is_looked_after(page: Path) -> None:
    """Python runs, bash, JSON, TOML and SQL are checked, drawings and diffs compared; text is what was seen."""
    fences = re.findall(r"^```(.*)$", page.read_text("utf-8"), re.MULTILINE)
    opening = {fence for fence in fences[::2] if not fence.startswith("{")}  # a directive is Sphinx's, which says so
    assert fences[1::2] == [""] * len(fences[1::2])
    assert opening <= {"python", "bash", "json", "toml", "sql", "mermaid", "diff", "text"}


def test_a_graph_that_there_is_not_is_noticed_in_a_langgraph_json() -> None:
    for path in ("langgraph_quorum.graphs.straggler", "langgraph_quorum.graphs.straggler:graf"):
        with pytest.raises((AssertionError, ValueError)):
            check_settings({"dependencies": ["."], "graphs": {"straggler": path}})


def check_settings(settings: Any) -> None:
    """A langgraph.json, by the server's own rules and with what it names of this package; other JSON is right."""
    if not (paths := graphs_of(settings)):
        return
    validate_config(settings)
    for path in paths:
        module, named, attribute = path.partition(":")
        assert named, f"{path}: it names no graph"
        if module.startswith("langgraph_quorum."):
            assert hasattr(importlib.import_module(module), attribute), f"{path}: there is no such graph"


@dataclass
class Site:
    """A database as operations.md sets it up, with roles whose names nobody else has."""

    superuser: str
    mark: str

    def named(self, text: str) -> str:
        return re.sub(r"\bquorum_(owner|run)\b", rf"\1_{self.mark}", text)

    def execute(self, sql: str) -> None:
        with psycopg.connect(self.superuser, autocommit=True) as connection:
            connection.execute(self.named(sql).encode())

    def run(self, block: str, **variables: str) -> str:
        """What the commands of a shell block print, one after the other; each has to succeed."""
        dsns = {
            "SUPERUSER_DSN": self.superuser,
            "OWNER_DSN": make_conninfo(self.superuser, user=f"owner_{self.mark}"),
            "QUORUM_DSN": make_conninfo(self.superuser, user=f"run_{self.mark}"),
        }
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as said:
            for name in [name for name in os.environ if name.startswith("QUORUM_")]:
                patch.delenv(name)
            for name, value in {**dsns, **variables}.items():
                patch.setenv(name, value)
            for line in self.named(block).splitlines():
                program, *words = map(os.path.expandvars, shlex.split(line, comments=True))
                assert (program, app(words, prog_name=program, standalone_mode=False)) == ("quorum", 0), said.getvalue()
        return said.getvalue()


@pytest.fixture
def site(database: str) -> Iterator[Site]:
    made = Site(database, uuid.uuid4().hex)
    try:
        yield made
    finally:
        for role in ("run", "owner"):
            made.execute(f"DROP OWNED BY {role}_{made.mark} CASCADE")
            made.execute(f"DROP ROLE {role}_{made.mark}")


@pytest.fixture
def block() -> Callable[[str], str]:
    """The shell block of operations.md that holds a command."""
    found = blocks(OPERATIONS, "bash")

    def holding(command: str) -> str:
        (one,) = [text for text in found if command in text]
        return one

    return holding


def test_the_operators_commands_work_in_their_order(site: Site, block: Callable[[str], str]) -> None:
    create_roles, pooler_settings = blocks(OPERATIONS, "sql")
    site.execute(create_roles)
    assert "CREATE TABLE quorum.runs" in site.run(block("migrate --dry-run"))
    assert "healthy" in site.run(block("quorum doctor"))

    old, new = site.run(block("new-key")).strip(), generate_key("2027")
    said = site.run(block("reseal --plain-allowed"), QUORUM_ENCRYPTION_KEYS=old)
    assert said.endswith("complete: of the keys only 2026 is needed any more\n")
    assert "only 2027" in site.run(block("reseal --dsn"), QUORUM_ENCRYPTION_KEYS=f"{new},{old}")

    told = site.run(block("tenants separate"))
    assert "\ntenant  acme\n" in told
    assert told.endswith("\ntenants are kept apart\n")
    assert "nothing to prune" in site.run(block("prune --older-than"))
    for statement in pooler_settings.strip().splitlines():
        site.execute(statement)
