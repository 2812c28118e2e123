"""Documents from standard input: read within a limit, and kept where a resume finds them."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path

from langgraph_quorum.nodes.documents.source import DEFAULT_LIMIT_BYTES
from langgraph_quorum.orchestration.cli.exits import FAILED, RefusedError

SHOWN = "standard input"
"""What such a document is called wherever it is shown."""

_STDIN = 0
_CHUNK_BYTES = 1 << 16
_MIB = 1024 * 1024
_FOLDER_MODE, _FILE_MODE = 0o700, 0o600


def read_standard_input(limit_bytes: int = DEFAULT_LIMIT_BYTES) -> bytes:
    """All bytes of standard input. Blocks; uses the descriptor itself, so that a waiting thread can be left behind.

    Raises:
        RefusedError: it is closed, or there are more than `limit_bytes`.
    """
    chunks: list[bytes] = []
    size = 0
    try:
        while chunk := os.read(_STDIN, _CHUNK_BYTES):
            chunks.append(chunk)
            size += len(chunk)
            if size > limit_bytes:
                mend = "put it into smaller files"
                raise RefusedError(f"{SHOWN}: has more than {limit_bytes / _MIB:.0f} MiB, the limit: {mend}")
    except OSError as error:
        raise RefusedError(f"{SHOWN}: cannot be read ({error.strerror}): pipe a document into it") from error
    return b"".join(chunks)


def kept_path(data: bytes, environ: Mapping[str, str]) -> Path:
    """Where standard input with this content is kept: the same content has the same place.

    Raises:
        MissingExtraError: neither QUORUM_DATA is set, nor the extra `embedded` is installed.
    """
    from langgraph_quorum.orchestration.persistence.embedded import default_folder  # noqa: PLC0415  imports psycopg

    return default_folder(environ).absolute().parent / "inputs" / f"stdin-{hashlib.sha256(data).hexdigest()[:32]}"


def keep(data: bytes, path: Path) -> None:
    """Write the content to its place, whole or not at all, for nobody else to read.

    Raises:
        RefusedError: the disk is full, or the folder may not be written to.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _FILE_MODE), "wb") as file:
            file.write(data)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        mend = "make room or grant the right, or set QUORUM_DATA to another folder"
        raise RefusedError(f"{path} cannot be written ({error.strerror}): {mend}", code=FAILED) from error
