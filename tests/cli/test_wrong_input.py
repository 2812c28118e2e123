"""Wrong input: one clear line that names the thing and the mend, exit code 2, and no database touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from langgraph_quorum.orchestration.database import open_database
from tests.cli.conftest import NOWHERE, Quorum, complaints_in, one_complaint


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.md", b"", "is empty: give a file with text"),
        ("blank.md", b" \n\t\n", "holds only white space: give a file with text"),
        ("program.txt", b"\x7fELF\x02\x01\x01\x00\x00", "is a program, not a text"),
        ("noise.txt", bytes(range(256)) * 20, "binary data"),
        ("latin.txt", b"caf\xe9 au lait\n", "is not UTF-8 (byte 3, on line 1, is 0xe9): convert it"),
        ("nul.txt", b"words\0words\n", "has a NUL character on line 1"),
        ("big.txt", b"Words that somebody wrote into a line of text.\n" * 1_120_000, "the limit is 20.0 MiB: split it"),
    ],
)
def test_a_document_that_cannot_be_read_is_refused_by_name(
    quorum: Quorum, name: str, content: bytes, said: str
) -> None:
    (quorum.folder / name).write_bytes(content)

    done = quorum("run", "analyse", name, "--dsn", NOWHERE)

    assert done.returncode == 2
    assert one_complaint(done.stderr).startswith(f"quorum: {name}: ")
    assert said in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("nosuch.md", "nosuch.md: no such file or folder: check the spelling"),
        ("no*.md", "no*.md: matches no file: check the spelling"),
        ("void", "void: is a folder without documents: they end in .md"),
        ("~no-such-user/x.md", "~no-such-user/x.md: there is no such user: check the spelling after ~"),
        ("a" * 300, "cannot be looked up (File name too long)"),
        ("tab\there\x1b]0;title.md", "tab here\N{REPLACEMENT CHARACTER}]0;title.md: no such file or folder"),
    ],
)
def test_a_path_that_names_no_document_is_refused_by_name(quorum: Quorum, source: str, said: str) -> None:
    (quorum.folder / "void").mkdir()

    done = quorum("run", "analyse", source, "--dsn", NOWHERE)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in one_complaint(done.stderr)
    assert "\x1b" not in done.stderr


def test_each_bad_document_gets_a_line_of_its_own(quorum: Quorum) -> None:
    (quorum.folder / "empty.md").touch()

    done = quorum("run", "analyse", "empty.md", "nosuch.md", "--dsn", NOWHERE)

    assert done.returncode == 2
    assert [line.split(":")[1].strip() for line in complaints_in(done.stderr)] == ["empty.md", "nosuch.md"]


@pytest.mark.skipif(not hasattr(os, "fsencode") or os.name != "posix", reason="names are bytes only on POSIX systems")
def test_a_name_that_is_not_utf_8_is_refused(quorum: Quorum) -> None:
    name = os.fsdecode(b"caf\xe9.md")
    (quorum.folder / name).write_text("# Words\n\nSome more words.\n", encoding="utf-8")

    done = quorum("run", "analyse", name, "--dsn", NOWHERE)

    assert done.returncode == 2
    assert "its name is not UTF-8: rename it" in one_complaint(done.stderr)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--threshold", "0"], "--threshold 0: give a fraction above 0 and up to 1"),
        (["--threshold", "1.4"], "--threshold 1.4: give a fraction above 0 and up to 1"),
        (["--threshold", "nan"], "--threshold nan: give a fraction above 0 and up to 1"),
        (["--threshold", "much"], "'--threshold'"),
        (["--grace", "-1"], "--grace -1: give seconds from 0"),
        (["--grace", "inf"], "--grace inf: give seconds from 0"),
        (["--deadline", "0"], "--deadline 0: give seconds above 0"),
        (["--minimum", "0"], "--minimum 0: give a whole number from 1"),
        (["--minimum", "99"], "--minimum 99: there are only 7 branches: lower it"),
        (["--minimum", "2", "--specialist", "content"], "--minimum 2: there is only 1 branch: lower it"),
        (["--mode", "fast"], "--mode fast: give one of auto, parallel, sequential, adaptive"),
        (["--specialist", "nobody"], "--specialist nobody: give one of content, linguistic,"),
        (["--thread", ""], "thread '' is empty"),
        (["--thread", "a\nb"], r"thread 'a\nb' holds characters that cannot be seen or stored"),
        (["--thread", "x" * 201], "has 201 characters: give 1 to 200"),
        (["--thread=-x"], "thread '-x' looks like an option"),
        (["--json", "."], "--json .: is a folder: name a file in it"),
        (["--json", "nowhere/x.json"], "--json nowhere/x.json: cannot be written (No such file or directory)"),
        (["--tag", ""], "--tag '': give a list of at most 50 texts of 1 to 100 characters"),
        (["--zzz"], "No such option: --zzz: see quorum run analyse --help"),
    ],
)
def test_a_wrong_option_is_refused_by_name(quorum: Quorum, options: list[str], said: str) -> None:
    done = quorum("run", "analyse", "pep.rst", "--dsn", NOWHERE, *options)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in one_complaint(done.stderr)
    assert sorted(path.name for path in quorum.folder.iterdir()) == ["pep.rst"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "analyse"], "Missing argument 'PATH...': see quorum run analyse --help"),
        (["bogus"], "No such command 'bogus': see quorum --help"),
        (["runs", "--limit", "0"], "--limit 0: give a number from 1"),
        (["fork", "t", "--values", "{", "--dsn", NOWHERE], "--values: is not JSON (Expecting property name"),
        (["fork", "t", "--values", "[]", "--dsn", NOWHERE], "--values: give a JSON object of the fields"),
        (["fork", "t", "--as-node", "x", "--dsn", NOWHERE], "--as-node: give it together with --values"),
        (["runs", "--tag", "", "--dsn", NOWHERE], "--tag '': give a text that is not empty"),
        (["prune", "--keep", "0", "--workflow", "", "--dsn", NOWHERE], "--workflow '': give a text that is not empty"),
        (["show", "a\x01b"], r"thread 'a\x01b' holds characters that cannot be seen or stored"),
        (["runs", "--dsn", "postgresql://me:hidden-secret@home@host/db"], "--dsn cannot be understood: give postgres"),
        (["show", "t", "--dsn", ""], "--dsn cannot be understood"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(quorum: Quorum, arguments: list[str], said: str) -> None:
    done = quorum(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in one_complaint(done.stderr)


@pytest.mark.parametrize("command", [["show", "nothing"], ["resume", "nothing"]])
async def test_a_thread_that_does_not_exist_is_named(quorum: Quorum, database: str, command: list[str]) -> None:
    async with open_database(database):
        pass

    done = quorum(*command, "--dsn", database)

    assert (done.returncode, done.stdout) == (2, "")
    assert "no run is stored as thread 'nothing': `quorum runs` lists what there is" in one_complaint(done.stderr)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "standard input: is empty: give a file with text"),
        (b"\x7fELF\x02\x01", "standard input: is a program"),
        (b"x" * (20 * 1024 * 1024 + 1), "standard input: has more than 20 MiB, the limit"),
    ],
)
def test_standard_input_that_cannot_be_read_is_refused_and_not_kept(
    quorum: Quorum, content: bytes, said: str, tmp_path: Path
) -> None:
    done = quorum("run", "analyse", "-", "--dsn", NOWHERE, stdin=content, environ={"QUORUM_DATA": str(tmp_path / "d")})

    assert (done.returncode, done.stdout) == (2, "")
    assert said in one_complaint(done.stderr)
    assert not list((tmp_path / "d").rglob("stdin*"))


@pytest.mark.parametrize(
    ("arguments", "target"),
    [
        (["notes.md"], "notes.md"),
        (["notes.md"], "./inner/../notes.md"),
        (["inner"], "inner/deep.md"),
        (["**/*.md"], "inner/deep.md"),
        (["notes.md"], "hard.json"),
        (["notes.md"], "soft.json"),
        (["soft.json"], "notes.md"),
        (["pep.rst", "hard.json"], "notes.md"),
    ],
)
def test_json_is_never_written_over_a_document(quorum: Quorum, arguments: list[str], target: str) -> None:
    (quorum.folder / "inner").mkdir()
    for name in ("notes.md", "inner/deep.md"):
        (quorum.folder / name).write_text("# Notes\n\nSome words about it.\n", encoding="utf-8")
    (quorum.folder / "hard.json").hardlink_to(quorum.folder / "notes.md")
    (quorum.folder / "soft.json").symlink_to("notes.md")

    done = quorum("run", "analyse", *arguments, "-q", "--json", target, "--dsn", NOWHERE)

    assert (done.returncode, done.stdout) == (2, "")
    assert one_complaint(done.stderr).startswith(f"quorum: --json {target}: would overwrite the document ")
    assert (quorum.folder / target).read_text(encoding="utf-8") == "# Notes\n\nSome words about it.\n"


def test_json_is_never_written_over_the_file_on_standard_input(quorum: Quorum) -> None:
    with (
        (quorum.folder / "pep.rst").open("rb") as document,
        quorum.going("run", "analyse", "-", "--json", "pep.rst", "--dsn", NOWHERE, stdin=document.fileno()) as process,
    ):
        out, err = process.communicate(timeout=60)

    assert (process.returncode, out) == (2, "")
    assert "--json pep.rst: would overwrite the document on standard input" in one_complaint(err)


@pytest.mark.parametrize("sources", [[""], ["pep.rst", ""]])
def test_an_empty_path_is_not_the_current_folder(quorum: Quorum, sources: list[str]) -> None:
    done = quorum("run", "analyse", *sources, "--dsn", NOWHERE)

    assert (done.returncode, done.stdout) == (2, "")
    assert "PATH '' is empty: give a file, a folder" in one_complaint(done.stderr)
