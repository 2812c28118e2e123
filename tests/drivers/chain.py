"""Whether a thread's checkpoints form one chain: what two drivers write side by side forks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import psycopg

_READ = """
SELECT checkpoint_ns, checkpoint_id, parent_checkpoint_id FROM checkpoints
WHERE thread_id = %s ORDER BY checkpoint_ns, checkpoint_id
"""


class Link(NamedTuple):
    """One checkpoint: the namespace of its graph, "" for the root graph, its id and its parent's."""

    ns: str
    id: str
    parent: str | None


def linear_chain(dsn: str, thread_id: str) -> list[str]:
    """The ids of the root graph's checkpoints, the oldest first; each namespace is one chain of its own.

    Args:
        dsn: The database, with LangGraph's tables in the first schema of its search path.
        thread_id: The thread; one that was never driven gives [].

    Raises:
        AssertionError: a checkpoint's parent is not the one before it, naming what forks, or what has lost its parent.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        try:
            rows = connection.execute(_READ, (thread_id,)).fetchall()
        except psycopg.errors.UndefinedTable:
            rows = []
    links = [Link(*row) for row in rows]
    wrong = faults(links)
    assert not wrong, f"thread {thread_id!r}: " + "; ".join(wrong)
    return [link.id for link in links if not link.ns]


def faults(links: Iterable[Link]) -> list[str]:
    """What is wrong with these checkpoints of one thread, in words; [] when each namespace is one chain."""
    by_ns: dict[str, list[Link]] = {}
    for link in sorted(links):
        by_ns.setdefault(link.ns, []).append(link)
    return [f"namespace {ns!r}: {fault}" for ns, chain in by_ns.items() for fault in _faults(chain)]


def _faults(chain: Sequence[Link]) -> list[str]:
    """What is wrong with one namespace, its checkpoints in the order of their ids, which is that of time."""
    found = []
    ids = {link.id for link in chain}
    for parent, count in Counter(link.parent for link in chain).items():
        if count > 1:
            children = ", ".join(link.id for link in chain if link.parent == parent)
            found.append(f"{parent or 'the beginning'} has {count} children: {children}")
    found += [f"{link.id} has the parent {link.parent}, which is not stored" for link in chain if _lost(link, ids)]
    if not found:
        for before, link in zip([None, *(one.id for one in chain)], chain, strict=False):
            if link.parent != before:
                found.append(f"{link.id} follows {before or 'nothing'}, and its parent is {link.parent}")
    return found


def _lost(link: Link, ids: set[str]) -> bool:
    return link.parent is not None and link.parent not in ids
