"""Finding documents by files, folders and globs."""

from pathlib import Path

import pytest

from langgraph_quorum.nodes.documents import find_documents
from langgraph_quorum.state.errors import DocumentError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b.md", "a.rst", "x.py", "sub/c.txt", "sub/deep/d.PDF", ".hidden/e.md", "sub/.f.md", "empty/g.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(*patterns: str) -> list[str]:
    return [path.as_posix() for path in find_documents(patterns)]


def test_a_folder_is_searched_through_for_known_suffixes_but_not_what_is_hidden(folder: Path) -> None:
    assert found(".") == ["a.rst", "b.md", "sub/c.txt", "sub/deep/d.PDF"]
    assert found(str(folder)) == [str(folder / name) for name in found(".")]


def test_a_file_of_any_suffix_is_taken_as_meant(folder: Path) -> None:
    assert found("x.py") == ["x.py"]


def test_globs_reach_down_with_two_stars(folder: Path) -> None:
    assert found("*.md") == ["b.md"]
    assert found("**/*.txt") == ["sub/c.txt"]
    assert found("**/[ab].*") == ["a.rst", "b.md"]
    assert found(str(folder / "**" / "*.rst")) == [str(folder / "a.rst")]


def test_a_glob_that_names_no_suffix_finds_documents_only(folder: Path) -> None:
    assert found("*") == ["a.rst", "b.md"]
    assert found("**") == ["a.rst", "b.md", "sub/c.txt", "sub/deep/d.PDF"]


def test_patterns_keep_their_order_and_nothing_comes_twice(folder: Path) -> None:
    assert found("sub", "b.md", "./b.md", "*.rst", "sub/../a.rst", ".") == [
        "sub/c.txt",
        "sub/deep/d.PDF",
        "b.md",
        "a.rst",
    ]


def test_a_name_that_looks_like_a_glob_is_found_as_a_file_first(folder: Path) -> None:
    (folder / "[1].md").write_text("x")
    assert found("[1].md") == ["[1].md"]


def test_a_link_back_up_does_not_lead_in_circles(folder: Path) -> None:
    (folder / "sub" / "up").symlink_to(folder, target_is_directory=True)
    assert found("sub") == ["sub/c.txt", "sub/deep/d.PDF"]


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("none.md", "no such file or folder: check the spelling"),
        ("empty", r"is a folder without documents: they end in \.md, .*\.docx"),
        ("*.pdf", "matches no file: check the spelling"),
        ("empty/*", r"matches no document: they end in \.md"),
        ("a\x00b", "check the spelling"),
        ("~a\x00b", "is not a path a file can have"),
        ("n" * 5000, "check the path"),
    ],
)
def test_a_pattern_that_finds_nothing_says_why(folder: Path, pattern: str, problem: str) -> None:
    with pytest.raises(DocumentError, match=problem) as caught:
        find_documents([pattern])
    assert caught.value.source == pattern


def test_no_patterns_at_all_ask_for_some() -> None:
    with pytest.raises(DocumentError, match="give files, folders or globs"):
        find_documents([])


def test_the_home_of_nobody_is_named() -> None:
    with pytest.raises(DocumentError, match="a user who is not known"):
        find_documents(["~no-such-user/notes.md"])
