"""What a user's strategy says besides its value, held against what `Made` says that it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from langgraph_quorum.state.bounds import is_number
from langgraph_quorum.state.errors import ResultError

_ROUNDING = 1e-9
_SHARE = "give a share of weight, 0 to 1"
_DICT = "give a dict"
_TEXT = "give a string"


def refuse_unfit(parts: dict[str, Any], branches: Collection[str]) -> None:
    """Refuse what is of another form than `Made` says; a share that rounding has lifted above 1 becomes 1.

    Args:
        parts: The fields of a `Made` by name, in JSON primitives.
        branches: Those of the results.

    Raises:
        ResultError: naming the field and the place in it, such as `Made.dissent[0].share`.
    """
    _refuse(isinstance(parts["metadata"], dict), "metadata", parts["metadata"], _DICT)
    support = parts["support"]
    _refuse(isinstance(support, dict), "support", support, "give a dict of shares by dotted path")
    for path, share in support.items():
        support[path] = _share(share, f"support.{path}")
    for number, line in _listed(parts["review"], "review", "give a list of sentences"):
        _refuse(isinstance(line, str), f"review[{number}]", line, "give a sentence, a string")
    if parts["sources"] is not None:
        _check_branches(parts["sources"], "sources", branches)
    for number, one in _listed(parts["dissent"], "dissent", "give a list of Dissent"):
        where = f"dissent[{number}]"
        _check_fields(one, where, {"field": str, "value": object, "share": object, "branches": object})
        one["share"] = _share(one["share"], f"{where}.share")
        _check_branches(one["branches"], f"{where}.branches", branches)
    for number, one in _listed(parts["discarded"], "discarded", "give a list of Discarded"):
        where = f"discarded[{number}]"
        _check_fields(one, where, {"branch_id": str, "field": str, "why": str})
        _check_branches([one["branch_id"]], f"{where}.branch_id", branches)


def _refuse(fits: bool, where: str, value: object, mend: str) -> None:
    if not fits:
        shown = repr(value)
        raise ResultError(f"Made.{where}={shown if len(shown) <= 200 else f'{shown[:200]}...'}: {mend}")  # noqa: PLR2004


def _share(value: Any, where: str) -> float:
    _refuse(is_number(value) and 0 <= value <= 1 + _ROUNDING, where, value, _SHARE)
    return min(1.0, float(value))


def _listed(value: Any, where: str, mend: str) -> enumerate[Any]:
    _refuse(isinstance(value, list), where, value, mend)
    return enumerate(value)


def _check_fields(one: Any, where: str, kinds: Mapping[str, type]) -> None:
    _refuse(isinstance(one, dict), where, one, _DICT)
    for name, kind in kinds.items():
        _refuse(name in one, where, one, f"it has no {name!r}")
        _refuse(isinstance(one[name], kind), f"{where}.{name}", one[name], _TEXT)


def _check_branches(names: Any, where: str, branches: Collection[str]) -> None:
    for _, name in _listed(names, where, "give a list of branch ids"):
        _refuse(isinstance(name, str) and name in branches, where, name, "give branches of the results")
