"""Texts for references, and references for texts, anywhere within JSON. What holds neither is handed back as it is.

The two looks ahead are on the way of every branch: they allocate next to nothing, and do not recurse.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any

from langgraph_quorum.state.artifacts import OFFLOADED, ArtifactRef, is_reference
from langgraph_quorum.state.errors import ArtifactError
from langgraph_quorum.state.ports import ArtifactStore

Put = Callable[[str], Awaitable[Any]]
"""What is to stand in the place of a large text."""
Get = Callable[[ArtifactRef], Awaitable[str]]
"""The text that a reference stands for."""

_MOST_BYTES_A_CHARACTER = 4


async def offloaded(value: Any, store: ArtifactStore, limit: int) -> Any:
    """The value with a reference in place of every text of more than `limit` bytes; itself when there is none.

    Keys, and references that stand in it already, are left alone.

    Raises:
        ArtifactError: the store cannot keep one.
    """

    async def put(text: str) -> Any:
        return await store.put(encoded(text), media_type=OFFLOADED)

    return await put_away(value, put, limit) if holds_large(value, limit) else value


async def resolved(value: Any, store: ArtifactStore) -> Any:
    """The value with its texts in place of the references that `offloaded` has put there; itself when there is none.

    Raises:
        ArtifactError: the store has one no more, or another.
    """

    async def get(ref: ArtifactRef) -> str:
        return decoded(ref, await store.get(ref))

    return await put_back(value, get) if holds_offloaded(value) else value


def holds_large(value: Any, limit: int, most: float = math.inf) -> bool:
    """Whether a text of more than `limit` bytes stands anywhere in JSON, or texts of more than `most` together."""
    least = limit // _MOST_BYTES_A_CHARACTER
    kind = type(value)
    if kind is str:
        return len(value) > least and _is_large(value, limit)
    if not value or (kind is not dict and kind is not list):
        return False
    values, total = [value], 0
    for current in values:  # which grows meanwhile
        for item in current.values() if type(current) is dict else current:
            kind = type(item)
            if kind is str:
                total += len(item)
                if len(item) > least and _is_large(item, limit):
                    return True
            elif kind is dict or kind is list:
                values.append(item)
    return total * _MOST_BYTES_A_CHARACTER > most


def text_bytes(value: Any) -> int:
    """How many bytes the texts in a JSON value take, together; keys are not counted."""
    total, values = 0, [value]
    for current in values:  # which grows meanwhile
        if type(current) is str:
            total += len(current) if current.isascii() else len(encoded(current))
        elif type(current) is dict:
            values.extend(current.values())
        elif type(current) is list:
            values.extend(current)
    return total


def holds_offloaded(value: Any) -> bool:
    """Whether a reference made by `offloaded` stands anywhere in a JSON value."""
    kind = type(value)
    if not value or (kind is not dict and kind is not list):
        return False
    values = [value]
    for current in values:  # which grows meanwhile
        if type(current) is dict:
            if "artifact" in current and _is_offloaded(current):
                return True
            current = current.values()  # noqa: PLW2901
        for item in current:
            kind = type(item)
            if kind is dict or kind is list:
                values.append(item)
    return False


async def put_away(value: Any, put: Put, limit: int) -> Any:
    """As `offloaded`, with what `put` gives."""
    kind = type(value)
    if kind is str:
        return await put(value) if _is_large(value, limit) else value
    if not holds_large(value, limit):
        return value
    if kind is dict:
        return {name: await put_away(item, put, limit) for name, item in value.items()}
    return [await put_away(item, put, limit) for item in value]


async def put_back(value: Any, get: Get) -> Any:
    """As `resolved`, with what `get` gives."""
    if not holds_offloaded(value):
        return value
    if type(value) is list:
        return [await put_back(item, get) for item in value]
    if _is_offloaded(value):
        return await get(value)
    return {name: await put_back(item, get) for name, item in value.items()}


def offloaded_bytes(value: Any) -> int:
    """How many bytes the references in a JSON value stand for, together."""
    total = 0
    values = [value]
    for current in values:  # which grows meanwhile
        if is_reference(current):
            total += current["size_bytes"]
        elif type(current) is dict:
            values.extend(current.values())
        elif type(current) is list:
            values.extend(current)
    return total


def encoded(text: str) -> bytes:
    """The bytes that stand for a text, whatever characters it holds."""
    return text.encode("utf-8", "surrogatepass")


def decoded(ref: ArtifactRef, data: bytes) -> str:
    """The text that its bytes stand for.

    Raises:
        ArtifactError: they are no text: somebody else wrote this reference.
    """
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise ArtifactError(f"artifact {ref['artifact']}: its bytes are no text, as its media type says") from error


def _is_large(text: str, limit: int) -> bool:
    size = len(text)
    return size > limit or (
        size * _MOST_BYTES_A_CHARACTER > limit and not text.isascii() and len(encoded(text)) > limit
    )


def _is_offloaded(value: Any) -> bool:
    return is_reference(value) and value["media_type"] == OFFLOADED
