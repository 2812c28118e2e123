"""A folder of artifacts: whole files only, whatever happens to the process or the disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from langgraph_quorum.orchestration.persistence.artifacts.folder import FolderArtifacts
from langgraph_quorum.state.errors import ArtifactError, ConfigurationError, SealError
from tests.artifacts.stores import KEY, TEXT, ReversingSealer, document


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_the_same_bytes_are_one_file(tmp_path: Path) -> None:
    store = FolderArtifacts(tmp_path)
    for _ in range(3):
        await store.put(b"one", media_type=TEXT)
    assert len(files(tmp_path)) == 1


PUT_MANY = """
import asyncio, sys
from pathlib import Path
from langgraph_quorum.orchestration.persistence.artifacts.folder import FolderArtifacts

async def put():
    for number in range(50):
        await FolderArtifacts(Path(sys.argv[1])).put(sys.argv[2][: 1000 + number].encode(), media_type="text/plain")

asyncio.run(put())
"""


async def test_processes_that_put_the_same_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    text = document(2_000)
    data = text.encode()
    others = [subprocess.Popen([sys.executable, "-c", PUT_MANY, str(tmp_path), text]) for _ in range(2)]
    assert [other.wait(60) for other in others] == [0, 0]
    store = FolderArtifacts(tmp_path)
    for number in range(50):
        ref = await store.put(data[: 1000 + number], media_type=TEXT)
        assert await store.get(ref) == data[: 1000 + number]
    assert len(files(tmp_path)) == 50  # and nothing half-written beside them


async def test_a_file_that_was_changed_is_not_handed_out(tmp_path: Path) -> None:
    store = FolderArtifacts(tmp_path)
    ref = await store.put(b"one", media_type=TEXT)
    (file,) = files(tmp_path)
    file.write_bytes(b"bytes\ntwo")
    with pytest.raises(ArtifactError, match="another hash"):
        await store.get(ref)


async def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ArtifactError, match=r"cannot be kept in .*taken"):
        await FolderArtifacts(tmp_path / "taken").put(b"one", media_type=TEXT)


async def test_a_sealed_file_shows_nothing_of_its_content_and_opens_only_in_its_place(tmp_path: Path) -> None:
    store = FolderArtifacts(tmp_path, sealer=ReversingSealer(), hash_key=KEY)
    one, two = await store.put(b"secret one", media_type=TEXT), await store.put(b"secret two", media_type=TEXT)
    first, second = (store._path(ref["artifact"]) for ref in (one, two))
    assert b"secret" not in first.read_bytes()
    second.write_bytes(first.read_bytes())
    with pytest.raises(SealError):
        await store.get(two)
    with pytest.raises(ArtifactError, match="encrypted"):
        await FolderArtifacts(tmp_path, hash_key=KEY).get(one)


def test_a_sealer_wants_a_key_for_the_addresses(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="hash_key=None"):
        FolderArtifacts(tmp_path, sealer=ReversingSealer())
    with pytest.raises(ConfigurationError, match="at least 16"):
        FolderArtifacts(tmp_path, hash_key=b"short")
