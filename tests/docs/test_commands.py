"""The commands and the SQL of the pages are real: the parser knows them all, and an operator's work well in order."""

from __future__ import annotations

import os
import re
import shlex
import uuid
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer
from psycopg.conninfo import make_conninfo

from langgraph_quorum.orchestration.cli.app import app
from langgraph_quorum.orchestration.persistence.keys import generate_key
from tests.docs.pages import DOCS, PAGES, blocks, called

OPERATIONS = (DOCS / "operations.md").read_text("utf-8")
PROSE = re.compile(r"`(quorum [a-z][^`]*)`")


def commands(page: Path) -> list[str]:
    """Every call of `quorum` in a page: in its shell blocks, and between backticks."""
    text = page.read_text("utf-8")
    shell = [line.strip().removeprefix(".venv/bin/") for block in blocks(text, "bash") for line in block.splitlines()]
    lines = [line for line in shell if line.startswith("quorum ")]
    return [*lines, *PROSE.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL))]


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page)], ids=called)
def test_the_parser_knows_every_command_of_a_page(page: Path) -> None:
    for said in commands(page):
        command: Any = typer.main.get_command(app)
        words = shlex.split(said, comments=True)[1:]
        while words and words[0] in getattr(command, "commands", {}):
            command, words = command.commands[words[0]], words[1:]
        if not words:
            continue  # its name alone, in a sentence
        assert not hasattr(command, "commands"), f"{said}: there is no such command"
        command.make_context(said, words)


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
