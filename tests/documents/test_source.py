"""What is refused, and that each refusal says what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from langgraph_quorum.nodes.documents import parse, read
from langgraph_quorum.state.errors import DocumentError


def refusal(source: Path | str) -> str:
    with pytest.raises(DocumentError) as caught:
        read(source)
    assert caught.value.source == str(source)
    assert str(caught.value).startswith(str(source))
    return caught.value.problem


def test_a_path_that_does_not_exist_is_refused_with_a_hint_at_the_spelling(tmp_path: Path) -> None:
    assert "no such file: check the spelling" in refusal(tmp_path / "none.md")
    assert "no such file" in refusal(tmp_path / "none.md" / "deeper.md")


def test_a_folder_and_a_pipe_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    assert "is a folder" in refusal(tmp_path)
    assert "not a regular file" in refusal(tmp_path / "pipe.md")


def test_a_path_with_a_nul_character_is_refused() -> None:
    assert "check the spelling" in refusal("a\x00b.md")


def test_an_unreadable_file_names_the_command_that_mends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "secret.md"
    file.write_text("text")

    def forbid(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbid)
    assert f"chmod u+r {file}" in refusal(file)


@pytest.mark.parametrize(
    ("data", "problem"), [(b"", "is empty"), (b" \n\t\n", "only white space"), (b"\xef\xbb\xbf\n", "only white space")]
)
def test_a_file_without_text_is_refused(data: bytes, problem: str, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(data)
    assert problem in refusal(tmp_path / "a.md")


def test_fifty_megabytes_are_refused_with_the_limit_and_the_mend(tmp_path: Path) -> None:
    file = tmp_path / "big.txt"
    with file.open("wb") as big:
        big.truncate(50 * 1024 * 1024)
    problem = refusal(file)
    assert "50.0 MiB" in problem
    assert "limit is 20.0 MiB" in problem
    assert "split it" in problem


def test_the_limit_can_be_set(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("eleven char")
    assert read(file, limit_bytes=11).size_bytes == 11
    with pytest.raises(DocumentError, match="limit"):
        read(file, limit_bytes=10)


def test_other_encodings_are_refused_with_byte_line_and_command() -> None:
    with pytest.raises(DocumentError, match=r"byte 9, on line 2, is 0xe9.*iconv -f ISO-8859-1"):
        parse("plain\ncaf\u00e9\n".encode("latin-1"), source="a.txt")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks_are_understood(encoding: str) -> None:
    document = parse("Gr\u00fc\u00dfe\n".encode(encoding), source="a.txt")
    assert document.blocks[0].text == "Gr\u00fc\u00dfe"
    assert document.raw_lines == ("Gr\u00fc\u00dfe",)


def test_a_broken_file_with_a_byte_order_mark_says_which_encoding_it_claims() -> None:
    with pytest.raises(DocumentError, match="marked as UTF-16 but broken"):
        parse("text".encode("utf-16")[:-1], source="a.txt")


def test_nul_characters_hint_at_utf_16() -> None:
    with pytest.raises(DocumentError, match=r"NUL character on line 1.*iconv -f UTF-16LE"):
        parse("text".encode("utf-16-le"), source="a.txt")


def test_control_characters_are_named_with_their_line() -> None:
    with pytest.raises(DocumentError, match=r"U\+0007 on line 2"):
        parse(b"one\ntwo\x07\n", source="a.rst")


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "PNG"),
        (b"%PDF-1.7\n", "PDF"),
        (b"PK\x03\x04....", "zip"),
        (b"\xd0\xcf\x11\xe0....", "old Word"),
    ],
)
def test_another_kind_of_file_under_a_text_suffix_is_recognised(data: bytes, what: str) -> None:
    with pytest.raises(DocumentError, match=f"is an? .*{what}.*not a text"):
        parse(data, source="a.md")


def test_random_bytes_are_called_binary() -> None:
    with pytest.raises(DocumentError, match="binary data"):
        parse(bytes(range(1, 256)), source="a.md")


@pytest.mark.parametrize("name", ["a.doc", "a.odt", "a.rtf"])
def test_formats_that_cannot_be_read_name_one_that_can(name: str) -> None:
    with pytest.raises(DocumentError, match=r"save it as \.docx"):
        parse(b"x", source=name)


def test_a_document_that_holds_only_comments_is_refused() -> None:
    with pytest.raises(DocumentError, match="holds no text when read as rst"):
        parse(b".. only a comment\n", source="a.rst")


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(DocumentError, match="docx, html, markdown, pdf, rst, text"):
        parse(b"x", source="a", format="tex")


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ("".join("  " * depth + "- x\n\n" for depth in range(300)).encode(), "deep.rst"),
        (b"<div>" * 5000 + b"text", "deep.html"),
        (b"> " * 20_000 + b"text", "deep.md"),
    ],
)
def test_deep_nesting_never_ends_in_a_library_s_traceback(data: bytes, name: str) -> None:
    try:
        document = parse(data, source=name)
    except DocumentError as error:
        assert "nested too deeply" in error.problem or "wrap it" in error.problem  # noqa: PT017 - both outcomes are right
    else:
        assert document.blocks


def test_a_bug_in_a_parser_becomes_a_document_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("inside")

    monkeypatch.setattr("langgraph_quorum.nodes.documents.plain.read_plain", fail)
    with pytest.raises(DocumentError, match=r"text parser failed on it \(AssertionError: inside\)"):
        parse(b"x", source="a.txt")


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_importing_the_package_needs_no_extra() -> None:
    code = (
        "import sys\n"
        "for name in ('docutils', 'markdown_it', 'pymarkdown', 'pypdf', 'docx'): sys.modules[name] = None\n"
        "from langgraph_quorum.nodes.documents import parse, read_cached, find_documents\n"
        "print(parse(b'plain', source='a.txt').blocks[0].text)"
    )
    assert run_python(code) == "plain"


def test_a_missing_package_names_the_extra_to_install() -> None:
    code = (
        "import sys; sys.modules['docutils'] = None\n"
        "from langgraph_quorum.nodes.documents import parse\n"
        "from langgraph_quorum.state.errors import MissingExtraError\n"
        "try: parse(b'text', source='a.rst')\n"
        "except MissingExtraError as error: print(error)"
    )
    assert run_python(code) == "reading rst needs the extra 'documents': pip install 'langgraph-quorum[documents]'"
