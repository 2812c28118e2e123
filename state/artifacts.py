"""References to large data: what stands in the state for bytes that an artifact store keeps."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any, TypeGuard

from typing_extensions import TypedDict

from langgraph_quorum.state.errors import ArtifactError

OFFLOADED = "application/vnd.langgraph-quorum.text"
"""Media type of a text that the workflow itself has put away: UTF-8. It is put back wherever somebody is to see it;
references of any other type stay as they are, for whoever made them wanted references."""

MOST_BYTES = 256 * 1024 * 1024
"""Of one artifact in Postgres, and of the texts of one result that stay in the state: Postgres takes a gigabyte for one
value, and several times the memory on the way."""

_KEYS = {"artifact", "size_bytes", "media_type"}
_ADDRESS = re.compile(r"(?:hmac-)?sha256:[0-9a-f]{64}")
_MEDIA_TYPE = re.compile(r"[\w.+-]{1,60}/[\w.+-]{1,60}(?: ?; ?[\w.+-]{1,60}=[\w.+:\"-]{1,60}){0,4}", re.ASCII)


class ArtifactRef(TypedDict):
    """Stands for bytes in an artifact store. JSON, so that it may stand in state, payloads and results."""

    artifact: str
    """Address of the content: `sha256:` and 64 hex digits, `hmac-sha256:` where the store has a key."""
    size_bytes: int
    media_type: str
    """What the bytes are, for instance `text/plain; charset=utf-8`."""


def is_reference(value: Any) -> TypeGuard[ArtifactRef]:
    """Whether it is a reference: a dict of exactly its three fields, each of its kind and form."""
    return (
        type(value) is dict
        and value.keys() == _KEYS
        and type(value["artifact"]) is str
        and _ADDRESS.fullmatch(value["artifact"]) is not None
        and type(value["size_bytes"]) is int
        and value["size_bytes"] >= 0
        and type(value["media_type"]) is str
        and _MEDIA_TYPE.fullmatch(value["media_type"]) is not None
    )


def check_reference(value: Any) -> ArtifactRef:
    """The value, when it is a reference.

    Raises:
        ArtifactError: it is none.
    """
    if not is_reference(value):
        shown = repr(value)[:80]
        raise ArtifactError(f"{shown} is no reference to an artifact: give what `put` has returned")
    return value


def reference_to(data: bytes, media_type: str, key: bytes | None = None) -> ArtifactRef:
    """The reference under which these bytes are kept.

    Args:
        data: The content.
        media_type: What it is.
        key: With one, equal contents have equal addresses only under the same key, and nobody without it can tell
            from an address whether some content is kept.

    Raises:
        ArtifactError: the media type has not the form `type/subtype; name=value`, or the content is not bytes.
    """
    if not isinstance(media_type, str) or not _MEDIA_TYPE.fullmatch(media_type):
        raise ArtifactError(f"media_type={media_type!r}: give one such as 'text/plain; charset=utf-8'")
    if not isinstance(data, bytes):
        raise ArtifactError(f"an artifact is bytes, not {type(data).__name__}: encode it first")
    return ArtifactRef(artifact=_address(data, key), size_bytes=len(data), media_type=media_type)


def check_content(ref: ArtifactRef, data: bytes, key: bytes | None = None) -> bytes:
    """The bytes, when they are what the reference says.

    Raises:
        ArtifactError: their size or their hash is another, or the address was made with a key that is not given.
    """
    address = ref["artifact"]
    if len(data) != ref["size_bytes"]:
        raise ArtifactError(f"artifact {address}: {len(data)} bytes are stored, not {ref['size_bytes']} as referred to")
    keyed = address.startswith("hmac-")
    if keyed and key is None:
        raise ArtifactError(f"artifact {address}: its address was made with a key: open the store with its hash_key")
    if not hmac.compare_digest(_address(data, key if keyed else None), address):
        raise ArtifactError(f"artifact {address}: what is stored has another hash: restore it, or run the step again")
    return data


def _address(data: bytes, key: bytes | None) -> str:
    if key is None:
        return f"sha256:{hashlib.sha256(data).hexdigest()}"
    return f"hmac-sha256:{hmac.digest(key, data, 'sha256').hex()}"
