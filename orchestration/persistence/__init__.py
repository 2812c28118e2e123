"""Postgres, and everything that is kept in it: server, pool, migrations, saver, leases and the register of runs.

Named here is what serves any compiled graph without an orchestrator, and what `Orchestrator.open` can be given.
"""

from typing import TYPE_CHECKING

from langgraph_quorum.state.exports import lazily

if TYPE_CHECKING:
    from langgraph_quorum.orchestration.database import open_database
    from langgraph_quorum.orchestration.persistence.encryption import Encryption
    from langgraph_quorum.orchestration.persistence.fence import fenced_config
    from langgraph_quorum.orchestration.persistence.keys import Keys
    from langgraph_quorum.orchestration.persistence.lease import hold_lease
    from langgraph_quorum.orchestration.persistence.pool import Pool
    from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings
    from langgraph_quorum.orchestration.persistence.saver import make_saver

__all__ = [
    "Encryption",
    "Keys",
    "Pool",
    "PoolSettings",
    "fenced_config",
    "hold_lease",
    "make_saver",
    "open_database",
]

_HOMES = {
    "orchestration.database": ("open_database",),
    "orchestration.persistence.encryption": ("Encryption",),
    "orchestration.persistence.fence": ("fenced_config",),
    "orchestration.persistence.keys": ("Keys",),
    "orchestration.persistence.lease": ("hold_lease",),
    "orchestration.persistence.pool": ("Pool",),
    "orchestration.persistence.pool_settings": ("PoolSettings",),
    "orchestration.persistence.saver": ("make_saver",),
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazily(__name__, _HOMES)
