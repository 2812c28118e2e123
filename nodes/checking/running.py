"""Running checks: none of them can end the run, hold up the event loop, or take for ever."""

from __future__ import annotations

import asyncio
import inspect
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from langgraph.errors import GraphBubbleUp

from langgraph_quorum.nodes.branching.attempts import asked_to_stop
from langgraph_quorum.nodes.branching.failure import message_of
from langgraph_quorum.nodes.branching.jsonable import jsonable
from langgraph_quorum.nodes.branching.threads import in_thread
from langgraph_quorum.nodes.checking.check import SEVERITIES, Check, Checked, finding
from langgraph_quorum.nodes.checking.standard import STANDARD
from langgraph_quorum.state.merged import CheckFinding
from langgraph_quorum.state.words import kind_of

FORM = "give None, a message, a finding with a 'message', or a list of them"


FEW = 200
"""Branches up to which the standard checks take less time than their way into a thread."""

_SHIPPED = __name__.partition(".")[0] + "."
_MOST = 200
"""Characters of what a check has returned that a finding repeats."""


class _UnfitError(Exception):
    """A check has returned what is no finding. The message says what, and the mend."""


async def findings_of(checks: Sequence[Check], checked: Checked) -> list[CheckFinding]:
    """What the checks find, in their order.

    A check that raises, takes too long or returns something else leaves a finding of severity error with its name.
    """
    quick = [check for check in checks if _is_quick(check, checked)]
    rest = [check for check in checks if check not in quick]
    plain = [check for check in rest if not check.is_async and check.timeout_s == math.inf]
    found = {check.name: found_at_once(check, checked) for check in quick}
    if rest:
        first = asyncio.to_thread(lambda: {check.name: found_at_once(check, checked) for check in plain})
        parts = await asyncio.gather(first, *(_named(check, checked) for check in rest if check not in plain))
        found |= {name: its for part in parts for name, its in part.items()}
    return [one for check in checks for one in found[check.name]]


def _is_quick(check: Check, checked: Checked) -> bool:
    """Whether it has ended sooner than a thread has begun: a shipped one that only counts, and not much to count."""
    shipped = str(getattr(check.run, "__module__", "")).startswith(_SHIPPED)
    return shipped and check.name in STANDARD and len(checked.queue) <= FEW


async def _named(check: Check, checked: Checked) -> dict[str, list[CheckFinding]]:
    return {check.name: await _made(check, checked)}


def found_at_once(check: Check, checked: Checked) -> list[CheckFinding]:
    """What a sync check finds. It holds up whoever asks."""
    try:
        return _understood(check, checked, check.run(checked))
    except (Exception, SystemExit) as error:  # noqa: BLE001  a broken check must not cost a finished result
        return _broken(check, error)


async def _made(check: Check, checked: Checked) -> list[CheckFinding]:
    limit = asyncio.timeout(check.timeout_s if check.timeout_s < math.inf else None)
    try:
        async with limit:
            return await _asked(check, checked)
    except GraphBubbleUp:
        raise
    except asyncio.CancelledError as error:
        if asked_to_stop():
            raise
        return _broken(check, error)
    except (Exception, SystemExit) as error:  # noqa: BLE001  a broken check must not cost a finished result
        if limit.expired():
            message = (
                f"check {check.name!r} was given up after {check.timeout_s:g} s: make it faster or raise timeout_s"
            )
            return [finding(check.name, message)]
        return _broken(check, error)


async def _asked(check: Check, checked: Checked) -> list[CheckFinding]:
    if check.is_async:
        given: Any = check.run(checked)
        return _understood(check, checked, await given)
    given = await in_thread(lambda: _listed(check.run(checked)), name=f"check-{check.name}")
    return _understood(check, checked, await given if inspect.isawaitable(given) else given)


def _listed(given: Any) -> Any:
    """What is still to be computed is computed here, where it holds nobody up."""
    lazy = isinstance(given, Iterable) and not isinstance(given, (str, Mapping, list, tuple))
    return list(given) if lazy and not inspect.isawaitable(given) else given


def _understood(check: Check, checked: Checked, given: Any) -> list[CheckFinding]:
    """Findings in their full form.

    Raises:
        _UnfitError: something else was returned.
    """
    if given is None:
        return []
    if isinstance(given, (str, Mapping)):
        given = [given]
    if not isinstance(given, Iterable):
        raise _UnfitError(_unfit(given))
    found = [_finding(check, one) for one in given]
    named = {name for one in found for name in one["branches"]}
    if named and (unknown := named - checked.names()):
        raise _UnfitError(f"branches={_shown(sorted(unknown))}: the run has none of this name")
    return found


def _finding(check: Check, given: Any) -> CheckFinding:
    if isinstance(given, str):
        given = {"message": given}
    if not isinstance(given, Mapping) or not isinstance(given.get("message"), str):
        raise _UnfitError(_unfit(given))
    severity, branches, field = given.get("severity", check.severity), given.get("branches", ()), given.get("field", "")
    if severity not in SEVERITIES:
        raise _UnfitError(f"severity={_shown(severity)}: give one of {', '.join(SEVERITIES)}")
    if isinstance(branches, str) or not all(isinstance(name, str) for name in branches):
        raise _UnfitError(f"branches={_shown(branches)}: give a list of branch ids")
    if not isinstance(field, str):
        raise _UnfitError(f"field={_shown(field)}: give a dotted path")
    message = jsonable(given["message"])
    return finding(str(given.get("check", check.name)), message, severity, jsonable(list(branches)), jsonable(field))


def _unfit(given: Any) -> str:
    return f"{kind_of(given)}, {_shown(given)}: {FORM}"


def _shown(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= _MOST else f"{text[:_MOST]}..."


def _broken(check: Check, error: BaseException) -> list[CheckFinding]:
    if isinstance(error, _UnfitError):
        return [finding(check.name, f"check {check.name!r} returned {error}")]
    return [finding(check.name, f"check {check.name!r} raised {type(error).__name__}: {message_of(error)}")]
