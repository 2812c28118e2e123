"""The artifact store of the run that is under way, for specialists that keep or read artifacts of their own."""

from __future__ import annotations

from langgraph.runtime import get_runtime

from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.ports import ArtifactStore
from langgraph_quorum.state.workflow import QuorumContext


def artifact_store() -> ArtifactStore:
    """The store of this run. Call it within an async specialist; a reference that it returns is kept as it is.

    Raises:
        ConfigurationError: the run has no store.
    """
    store = QuorumContext.of(get_runtime().context).artifacts
    if store is None:
        mend = "run under Orchestrator.open, or give the run context=QuorumContext(artifacts=MemoryArtifacts())"
        raise ConfigurationError("artifacts", None, mend)
    return store
