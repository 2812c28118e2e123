"""What an orchestrator is opened with, looked at before the database is; and the errors for one that is closed."""

from __future__ import annotations

from typing import Any

from langgraph.graph import StateGraph

from langgraph_quorum.orchestration.bounds import check_seconds
from langgraph_quorum.orchestration.naming import is_name
from langgraph_quorum.orchestration.persistence.sealing import Sealer
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.ports import ArtifactStore

_LEAST_TTL_S = 0.3


def check_opening(
    graph: StateGraph[Any, Any, Any, Any],
    *,
    workflow: str,
    encryption: Sealer | None,
    lease_ttl_s: float,
    artifacts: ArtifactStore | None,
) -> None:
    """Refuse what no run could be driven with.

    Raises:
        ConfigurationError: naming the argument and its mend.
    """
    if not isinstance(graph, StateGraph):
        mend = "give the graph before compile(): the orchestrator compiles it with its checkpointer"
        raise ConfigurationError("graph", type(graph).__name__, mend)
    if not is_name(workflow):
        mend = "give the name its runs are listed by: a text that is not empty, without NUL and lone surrogates"
        raise ConfigurationError("workflow", workflow, mend)
    if encryption is not None and not all(callable(getattr(encryption, name, None)) for name in ("seal", "unseal")):
        # Not repeated: whoever takes a key for a sealer would find it in the log.
        mend = "give what encrypts, for instance Encryption(keys), or None for QUORUM_ENCRYPTION_KEYS"
        raise ConfigurationError("encryption", type(encryption).__name__, mend)
    check_seconds("lease_ttl_s", lease_ttl_s, _LEAST_TTL_S)
    if artifacts is not None and not all(callable(getattr(artifacts, name, None)) for name in ("put", "get")):
        mend = "give a store, for instance FolderArtifacts(Path(...)), or None for the database"
        raise ConfigurationError("artifacts", artifacts, mend)


def closed_error() -> ConfigurationError:
    """The error for a call on an orchestrator after its block."""
    mend = "this orchestrator is closed: call it within the `with` block that opens it"
    return ConfigurationError("orchestrator", "closed", mend)


def other_loop_error() -> ConfigurationError:
    """The error for a call from another event loop than the one the orchestrator was opened in."""
    mend = "it belongs to the event loop that opened it: call it there, open one here, or use SyncOrchestrator"
    return ConfigurationError("orchestrator", "of another event loop", mend)


def stopped_error(thread_id: str) -> ConfigurationError:
    """The error for a start or resume that still waited for its thread when the orchestrator's runs were stopped."""
    mend = f"its runs were stopped while thread {thread_id!r} was waited for: start or resume that one again"
    return ConfigurationError("orchestrator", "drained", mend)
