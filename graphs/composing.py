"""One work item of a composition at a time, and what a composition is refused for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.records import WorkItem


def item_of(worker: str | WorkItem, branch_id: str, payload: Mapping[str, Any], depends_on: Iterable[str]) -> WorkItem:
    """The branch of this id, done by the worker: what is said here comes before what the worker says.

    Raises:
        ConfigurationError: naming the argument that is wrong and what to give instead.
    """
    said: WorkItem = WorkItem(specialist=worker) if isinstance(worker, str) else worker
    if not isinstance(said, Mapping) or not (said.get("specialist") or said.get("type")) or "branch_id" in said:
        mend = "give a specialist's name, or a work item with a 'specialist' or a 'type' and without a 'branch_id'"
        raise ConfigurationError(f"worker of {branch_id}", worker, mend)
    item: WorkItem = {**said, "branch_id": branch_id}
    shared = said.get("payload", {})
    for given in (payload, shared):
        if not isinstance(given, Mapping):
            raise ConfigurationError(f"payload of {branch_id}", given, "give a dict")
    if payload or shared:
        item["payload"] = {**shared, **payload}
    waits_for = list(dict.fromkeys([*_names(depends_on), *awaited_by(said)]))
    if waits_for:
        item["depends_on"] = waits_for
    return item


def id_of(item: WorkItem) -> str:
    """The id by which a branch is known: where it has none, its specialist's name.

    Raises:
        ConfigurationError: it is no work item, or has neither.
    """
    branch_id = (item.get("branch_id") or item.get("specialist")) if isinstance(item, Mapping) else None
    if not branch_id:
        raise ConfigurationError("work", item, "give each item a 'branch_id'")
    return branch_id


def awaited_by(item: WorkItem) -> list[str]:
    """Branches and sync points that a branch waits for.

    Raises:
        ConfigurationError: they are one text, whose letters would be taken for names.
    """
    return _names(item.get("depends_on", ()))


def _names(depends_on: Iterable[str]) -> list[str]:
    if isinstance(depends_on, str):
        raise ConfigurationError("depends_on", depends_on, "give a list of branch ids and names of sync points")
    return list(depends_on)


def numbered(payloads: Any) -> dict[Any, Mapping[str, Any]]:
    """Payloads by name; those of a list by their numbers from 0.

    Raises:
        ConfigurationError: they are neither a dict nor a list.
    """
    if isinstance(payloads, Mapping):
        return dict(payloads)
    if isinstance(payloads, str) or not isinstance(payloads, Sequence):
        raise ConfigurationError("payloads", payloads, "give a list of dicts, or a dict of them by name")
    return dict(enumerate(payloads))


def check_name(field: str, name: Any) -> str:
    """The name.

    Raises:
        ConfigurationError: it is empty, or no text.
    """
    if not isinstance(name, str) or not name:
        raise ConfigurationError(field, name, "give a non-empty string")
    return name


def check_some(field: str, given: Any) -> None:
    """Refuse what is no list, or an empty one.

    Raises:
        ConfigurationError: naming the field and the mend.
    """
    if isinstance(given, (str, Mapping)) or not isinstance(given, Sequence) or not given:
        raise ConfigurationError(field, given, "give a list with at least one in it")
