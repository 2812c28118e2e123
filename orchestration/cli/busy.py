"""What to do when another process runs the thread, as it is typed."""

from __future__ import annotations

from typing import Literal, TypeAlias, cast

from langgraph_quorum.orchestration.cli.exits import RefusedError

OnBusy: TypeAlias = Literal["reject", "wait", "take_over"]
"""As the orchestrator calls it; repeated here, for its own is beside the database driver, which takes time to load."""

_TYPED = {"reject": "reject", "wait": "wait", "take-over": "take_over"}


def checked_on_busy(text: str) -> OnBusy:
    """The policy that was typed.

    Raises:
        RefusedError: there is no such policy.
    """
    if text not in _TYPED:
        raise RefusedError(f"--on-busy {text}: give reject, wait or take-over")
    return cast("OnBusy", _TYPED[text])
