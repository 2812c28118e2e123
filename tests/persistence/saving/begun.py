"""What savers send to the server, seen as it is begun: on the event loop's line, or aside in a thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from langgraph_quorum.orchestration.persistence.saving import aside
from langgraph_quorum.orchestration.persistence.saving.exchange import exchange
from langgraph_quorum.orchestration.persistence.saving.line import Line
from langgraph_quorum.orchestration.persistence.saving.pipelined import Statement

Seen = Callable[[Sequence[Statement]], None]


def watch_lines(monkeypatch: pytest.MonkeyPatch, seen: Seen) -> None:
    """From now on, tell of what is begun on the event loop."""
    begin = Line.begin

    def begun(line: Line, statements: Sequence[Statement]) -> None:
        seen(statements)
        begin(line, statements)

    monkeypatch.setattr(Line, "begin", begun)


def watch_threads(monkeypatch: pytest.MonkeyPatch, seen: Seen) -> None:
    """From now on, tell of what is carried out aside, in the thread that does it."""

    def exchanged(pgconn: Any, statements: Sequence[Statement], **limits: Any) -> list[int]:
        seen(statements)
        return exchange(pgconn, statements, **limits)

    monkeypatch.setattr(aside, "exchange", exchanged)


def watch(monkeypatch: pytest.MonkeyPatch, seen: Seen) -> None:
    """From now on, tell of both."""
    watch_lines(monkeypatch, seen)
    watch_threads(monkeypatch, seen)
