"""Encrypted databases, read with the keys of the environment."""

from __future__ import annotations

from langgraph_quorum.orchestration.persistence.encryption import environment_sealer
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver


def saver_of(pool: Pool) -> GroupCommitSaver:
    """A saver that reads what is encrypted with the keys of QUORUM_ENCRYPTION_KEYS."""
    return make_saver(pool, sealer=environment_sealer())
