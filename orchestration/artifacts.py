"""Where the runs of an orchestrator keep their large texts, when nothing else is said."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from langgraph_quorum.nodes.artifacts.exchange import resolved
from langgraph_quorum.orchestration.persistence.artifacts.postgres import PostgresArtifacts
from langgraph_quorum.orchestration.persistence.configuration import configured
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.sealing import Sealer
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.ports import ArtifactStore

KEY_VARIABLE = "QUORUM_ARTIFACT_KEY"
_LEAST_BYTES = 16


def default_artifacts(
    pool: Pool, sealer: Sealer | None, environ: Mapping[str, str] | None = None
) -> ArtifactStore | None:
    """The database itself. What is encrypted there needs a key for its addresses, too: without one there is no store.

    A hash tells whoever can guess a content that it is there; a keyed one does not. The key must outlive the rotation
    of the encryption's keys, so it is one of its own: QUORUM_ARTIFACT_KEY, at least 16 bytes in base64.

    Raises:
        ConfigurationError: the key cannot be understood. Its text is not repeated.
    """
    text = (configured() if environ is None else environ).get(KEY_VARIABLE)
    if not text:
        return PostgresArtifacts(pool) if sealer is None else None
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < _LEAST_BYTES:
        raise ConfigurationError(KEY_VARIABLE, "...", f"give at least {_LEAST_BYTES} bytes in base64")
    return PostgresArtifacts(pool, sealer=sealer, hash_key=key)


async def with_text(outcome: dict[str, Any], store: ArtifactStore | None) -> dict[str, Any]:
    """The outcome with the texts of its `result` in place of references to them; those of its branches stay."""
    if store is None or "result" not in outcome:
        return outcome
    return {**outcome, "result": await resolved(outcome["result"], store)}
