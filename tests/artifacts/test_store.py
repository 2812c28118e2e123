"""What every artifact store does, whatever it keeps things in."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from langgraph_quorum.state.artifacts import ArtifactRef, is_reference, reference_to
from langgraph_quorum.state.errors import ArtifactError
from langgraph_quorum.state.ports import ArtifactStore
from tests.artifacts.stores import MISSING, TEXT, document


@pytest.mark.parametrize("data", [b"", b"one", b"\x00\xff\n\\" * 7, document(600_000).encode()])
async def test_what_is_put_comes_back_unchanged(store: ArtifactStore, data: bytes) -> None:
    ref = await store.put(data, media_type="application/octet-stream")
    assert await store.get(ref) == data
    assert (ref["size_bytes"], ref["media_type"]) == (len(data), "application/octet-stream")
    assert is_reference(ref)
    assert isinstance(store, ArtifactStore)


async def test_the_same_bytes_have_one_address_whatever_they_are_called(store: ArtifactStore) -> None:
    first, again, other = (
        await store.put(b"one", media_type=TEXT),
        await store.put(b"one", media_type="application/json"),
        await store.put(b"two", media_type=TEXT),
    )
    assert first["artifact"] == again["artifact"] != other["artifact"]
    assert await store.get(again) == b"one"


async def test_many_may_put_and_get_the_same_bytes_at_once(store: ArtifactStore) -> None:
    data = document(50_000).encode()

    async def put_and_get() -> bytes:
        return await store.get(await store.put(data, media_type=TEXT))

    assert await asyncio.gather(*(put_and_get() for _ in range(20))) == [data] * 20


async def test_what_was_never_put_is_missed_by_its_address(store: ArtifactStore) -> None:
    with pytest.raises(ArtifactError, match=MISSING["artifact"]):
        await store.get(MISSING)


async def test_a_reference_with_another_size_is_refused(store: ArtifactStore) -> None:
    ref = await store.put(b"one", media_type=TEXT)
    with pytest.raises(ArtifactError, match="3 bytes are stored, not 4"):
        await store.get({**ref, "size_bytes": 4})


@pytest.mark.parametrize("forged", [None, "sha256:00", {}, {**MISSING, "artifact": "sha256:../../etc/passwd"}])
async def test_what_is_no_reference_is_refused(store: ArtifactStore, forged: Any) -> None:
    with pytest.raises(ArtifactError, match="no reference"):
        await store.get(forged)


@pytest.mark.parametrize("media_type", ["", "text", "text/plain\0", "a/b; c", "text/plain\n"])
async def test_a_media_type_of_another_form_is_refused(store: ArtifactStore, media_type: str) -> None:
    with pytest.raises(ArtifactError, match="media_type"):
        await store.put(b"one", media_type=media_type)


async def test_text_must_be_encoded_first(store: ArtifactStore) -> None:
    text: Any = "one"
    with pytest.raises(ArtifactError, match="bytes, not str"):
        await store.put(text, media_type=TEXT)


@pytest.mark.parametrize(
    "change",
    [
        {"artifact": "md5:" + "0" * 64},
        {"artifact": "sha256:" + "0" * 63},
        {"artifact": "sha256:" + "A" * 64},
        {"size_bytes": -1},
        {"size_bytes": True},
        {"size_bytes": "3"},
        {"media_type": "plain"},
        {"more": 1},
    ],
)
def test_only_the_exact_form_is_a_reference(change: dict[str, Any]) -> None:
    assert is_reference(MISSING)
    assert not is_reference({**MISSING, **change})


def test_a_key_changes_the_address() -> None:
    plain, keyed, other = (reference_to(b"one", TEXT, key) for key in (None, b"k" * 16, b"l" * 16))
    assert len({ref["artifact"] for ref in (plain, keyed, other)}) == 3
    assert keyed["artifact"].startswith("hmac-sha256:")
    assert plain == ArtifactRef(
        artifact="sha256:7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed",
        size_bytes=3,
        media_type=TEXT,
    )
