"""Artifacts as files of a folder, which processes and hosts may share."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from langgraph_quorum.nodes.artifacts.hashing import referred, verified
from langgraph_quorum.orchestration.persistence.artifacts.sealed import PLAIN, Seal
from langgraph_quorum.orchestration.persistence.sealing import Sealer
from langgraph_quorum.state.artifacts import ArtifactRef, check_reference
from langgraph_quorum.state.errors import ArtifactError

_TIMEOUT_S = 60.0


class FolderArtifacts:
    """Keeps each content in a file named by its hash: written beside, then renamed, so that nobody sees half of one.

    Nothing here knows who refers to a file, so nothing is ever deleted; a file that is put again gets a new time.
    """

    def __init__(self, folder: Path, *, sealer: Sealer | None = None, hash_key: bytes | None = None) -> None:
        """Open a store; the folder is made when something is put.

        Args:
            folder: Where the files are.
            sealer: Encrypts what is stored; needs a `hash_key`.
            hash_key: Makes addresses keyed hashes, at least 16 bytes.

        Raises:
            ConfigurationError: a sealer without a key, or a key that is too short.
        """
        self._folder, self._seal = Path(folder), Seal(sealer, hash_key)

    async def put(self, data: bytes, *, media_type: str) -> ArtifactRef:
        """Keep the bytes; they are on the disk when this returns.

        Raises:
            ArtifactError: the folder cannot be written, or the disk does not answer.
        """
        ref = await referred(data, media_type, self._seal.hash_key)
        path = self._path(ref["artifact"])
        async with self._disk("kept"):
            if not await asyncio.to_thread(_touched, path):
                kind, stored = await self._seal.closed(ref["artifact"], data)
                await asyncio.to_thread(_write, path, b"%b\n%b" % (kind.encode(), stored))
        return ref

    async def get(self, ref: ArtifactRef) -> bytes:
        """The bytes.

        Raises:
            ArtifactError: they are not there, are not what the reference says, or the disk does not answer.
            SealError: what is stored cannot be opened.
        """
        address = check_reference(ref)["artifact"]
        async with self._disk("read"):
            try:
                content = await asyncio.to_thread(self._path(address).read_bytes)
            except FileNotFoundError as error:
                mend = "it was deleted, or put into another store"
                raise ArtifactError(f"artifact {address}: not in {self._folder}: {mend}") from error
        kind, _, stored = content.partition(b"\n")
        data = await self._seal.opened(address, kind.decode("ascii", "replace") or PLAIN, stored)
        return await verified(ref, data, self._seal.hash_key)

    def _path(self, address: str) -> Path:
        scheme, _, digest = address.partition(":")
        return self._folder / scheme / digest[:2] / digest[2:]

    @asynccontextmanager
    async def _disk(self, what: str) -> AsyncIterator[None]:
        """Turn what a disk may do into an error of ours."""
        try:
            async with asyncio.timeout(_TIMEOUT_S):
                yield
        except (OSError, TimeoutError) as error:
            why = getattr(error, "strerror", None) or f"the disk gives no answer within {_TIMEOUT_S:.0f} s"
            raise ArtifactError(
                f"an artifact cannot be {what} in {self._folder} ({why}): look at the folder"
            ) from error


def _touched(path: Path) -> bool:
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".put-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name, too
    finally:
        os.close(folder)
