"""What is logged while a command runs: our own warnings are told as complaints, of other libraries only errors."""

from __future__ import annotations

import logging

from langgraph_quorum.orchestration.cli.exits import complain


class _Complaints(logging.Handler):
    """Says a record's message on standard error, in the form of all complaints."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say it."""
        complain(record.getMessage())


def listen_to_logs() -> None:
    """Set logging up for this process.

    A parser's remarks on a document's markup are findings, and not repeated here. What asyncio says of tasks that a
    failed run leaves behind is told by the run's own error. That the thread of a branch runs on stands in the branch's
    own line.
    """
    ours = logging.getLogger("langgraph_quorum")
    ours.addHandler(_Complaints(logging.WARNING))
    ours.propagate = False
    logging.getLogger().addHandler(_Complaints(logging.ERROR))
    logging.getLogger("asyncio").propagate = False
    logging.getLogger("langgraph_quorum.nodes.branching.thread_pool").setLevel(logging.ERROR)
    logging.captureWarnings(True)
