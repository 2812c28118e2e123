"""What an orchestrator is opened with, looked at before the database is; and the errors for one that is closed."""

from __future__ import annotations

import math
from typing import Any

from langgraph.graph import StateGraph

from langgraph_quorum.orchestration.persistence.sealing import Sealer
from langgraph_quorum.state.errors import ConfigurationError

_LEAST_TTL_S = 0.3


def check_opening(
    graph: StateGraph[Any, Any, Any, Any], *, workflow: str, encryption: Sealer | None, lease_ttl_s: float
) -> None:
    """Refuse what no run could be driven with.

    Raises:
        ConfigurationError: naming the argument and its mend.
    """
    if not isinstance(graph, StateGraph):
        mend = "give the graph before compile(): the orchestrator compiles it with its checkpointer"
        raise ConfigurationError("graph", type(graph).__name__, mend)
    if not isinstance(workflow, str) or not workflow or "\0" in workflow:
        mend = "give the name that its runs are listed by: a text that is not empty and holds no NUL"
        raise ConfigurationError("workflow", workflow, mend)
    if encryption is not None and not all(callable(getattr(encryption, name, None)) for name in ("seal", "unseal")):
        # Not repeated: whoever takes a key for a sealer would find it in the log.
        mend = "give what encrypts, for instance Encryption(keys), or None for QUORUM_ENCRYPTION_KEYS"
        raise ConfigurationError("encryption", type(encryption).__name__, mend)
    number = isinstance(lease_ttl_s, (int, float)) and not isinstance(lease_ttl_s, bool)
    if not number or not _LEAST_TTL_S <= lease_ttl_s < math.inf:
        raise ConfigurationError("lease_ttl_s", lease_ttl_s, f"give seconds from {_LEAST_TTL_S}, with an end")


def closed_error() -> ConfigurationError:
    """The error for a call on an orchestrator after its block."""
    mend = "this orchestrator is closed: call it within the `with` block that opens it"
    return ConfigurationError("orchestrator", "closed", mend)


def stopped_error(thread_id: str) -> ConfigurationError:
    """The error for a start or resume that still waited for its thread when the orchestrator's runs were stopped."""
    mend = f"its runs were stopped while thread {thread_id!r} was waited for: start or resume that one again"
    return ConfigurationError("orchestrator", "drained", mend)
