"""Documents kept in memory."""

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from langgraph_quorum.nodes.documents import Document, cache, read, read_cached
from langgraph_quorum.nodes.documents.cache import DocumentCache
from langgraph_quorum.state.errors import DocumentError


class CountedReads:
    """Stands in for `read`: counts its calls, and holds each until it is let go."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.let_go = threading.Event()
        self.let_go.set()

    def __call__(self, source: str | Path) -> Document:
        self.calls.append(str(source))
        assert self.let_go.wait(30)
        return read(source)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> CountedReads:
    counted = CountedReads()
    monkeypatch.setattr(cache, "read", counted)
    return counted


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    path.write_text("first")
    return path


def test_seven_threads_that_ask_at_once_cause_one_parse(file: Path, reads: CountedReads) -> None:
    documents = DocumentCache()
    reads.let_go.clear()
    here = threading.Barrier(8)

    def ask() -> Document:
        here.wait(30)
        return documents.read(file)

    with ThreadPoolExecutor(7) as pool:
        asked = [pool.submit(ask) for _ in range(7)]
        here.wait(30)
        reads.let_go.set()
        answers = [future.result(30) for future in asked]
    assert len(reads.calls) == 1
    assert all(answer is answers[0] for answer in answers)


def test_an_unchanged_file_is_parsed_once_under_all_its_names(
    file: Path, reads: CountedReads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    assert read_cached(file).source == str(file)
    assert read_cached("a.txt").source == "a.txt"
    assert read_cached(f"../{file.parent.name}/a.txt").blocks == read_cached(file).blocks
    assert len(reads.calls) == 1


def test_a_changed_file_is_parsed_again(file: Path, reads: CountedReads) -> None:
    documents = DocumentCache()
    documents.read(file)
    file.write_text("other")
    status = file.stat()
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert documents.read(file).blocks[0].text == "other"
    assert len(reads.calls) == 2


def test_the_document_longest_unused_is_dropped_first(tmp_path: Path, reads: CountedReads) -> None:
    documents = DocumentCache(capacity=2)
    for name in ("a", "b", "a", "c", "a", "b"):
        path = tmp_path / f"{name}.txt"
        if not path.exists():
            path.write_text(name)
        documents.read(path)
    # a and b are parsed; c drops b, the longest unused; b is parsed again and drops c
    assert [Path(call).stem for call in reads.calls] == ["a", "b", "c", "b"]
    assert len(documents) == 2


def test_a_failure_is_not_kept_and_the_next_call_tries_again(tmp_path: Path, reads: CountedReads) -> None:
    empty = tmp_path / "a.txt"
    empty.write_text(" ")
    documents = DocumentCache()
    for _ in range(2):
        with pytest.raises(DocumentError, match="white space"):
            documents.read(empty)
    assert len(reads.calls) == 2
    assert len(documents) == 0


def test_a_file_that_cannot_be_looked_at_fails_as_read_does(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no such file"):
        read_cached(tmp_path / "none.txt")


def test_the_checksum_of_the_run_is_held_against_the_file(file: Path) -> None:
    checksum = hashlib.sha256(b"first").hexdigest()
    assert read_cached(file, checksum).sha256 == checksum
    file.write_text("second")
    with pytest.raises(DocumentError, match="changed since this run began: start a new run"):
        read_cached(file, checksum)
    assert read_cached(file).blocks[0].text == "second"


def test_cleared_documents_are_parsed_anew(file: Path, reads: CountedReads) -> None:
    documents = DocumentCache()
    documents.read(file)
    documents.clear()
    documents.read(file)
    assert len(reads.calls) == 2
