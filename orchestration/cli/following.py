"""Following a run to its end: its events are shown, Ctrl-C drains it, its outcome is handed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from langgraph_quorum.orchestration.cli.delivery import Delivery
from langgraph_quorum.orchestration.cli.exits import FAILED, RefusedError, complain
from langgraph_quorum.orchestration.cli.interruption import Interruption
from langgraph_quorum.orchestration.cli.progress.board import Board
from langgraph_quorum.orchestration.cli.progress.choice import Progress
from langgraph_quorum.orchestration.cli.thread_ids import command_for
from langgraph_quorum.orchestration.cli.words import counted
from langgraph_quorum.orchestration.collector import settled_collector
from langgraph_quorum.orchestration.run import Run
from langgraph_quorum.state.errors import DatabaseError, LeaseLostError


@dataclass(frozen=True, slots=True)
class Follower:
    """Who follows a run, and where its outcome goes.

    Attributes:
        progress: Shows it.
        interruption: Hears of Ctrl-C.
        delivery: Takes the outcome.
        dsn_given: The database was named by `--dsn`, which a later command must name again.
    """

    progress: Progress
    interruption: Interruption
    delivery: Delivery
    dsn_given: bool

    async def follow(self, run: Run, board: Board) -> dict[str, Any]:
        """Show the run until it stops, and return its outcome.

        Raises:
            RefusedError: the database failed, or another driver took the thread; says how to go on.
            QuorumError: the run could not be done.
        """
        try:
            with settled_collector(sweep=False):  # imports leave next to no garbage
                return await self._followed(run, board)
        except (DatabaseError, LeaseLostError) as error:
            mend = f"what is finished is kept, go on with: {self._command('resume', run.thread_id)}"
            raise RefusedError(f"{error}; {mend}", code=FAILED) from error

    def finish(self, outcome: Mapping[str, Any]) -> int:
        """Hand the outcome over, and say how to go on when the run was stopped. Returns the exit code."""
        self.progress.leave()
        code = self.delivery.deliver(outcome, dsn_given=self.dsn_given)
        if outcome["status"] != "interrupted":
            return code
        done = sum(record["status"] == "succeeded" for record in outcome.get("branches", {}).values())
        kept = "nothing is finished yet" if not done else f"{counted(done, 'branch', 'branches')} finished and kept"
        complain(f"stopped: {kept}, go on with: {self._command('resume', outcome['thread_id'])}")
        return self.interruption.exit_code

    async def _followed(self, run: Run, board: Board) -> dict[str, Any]:
        events = run.events()
        self.interruption.drain(run, self.progress.note, self.progress.leave)
        self.progress.begin(board, f"thread {run.thread_id}")
        async for event in events:
            self.progress.saw(event)
        return await run.result()

    def _command(self, verb: str, thread_id: str) -> str:
        return command_for(verb, thread_id, dsn_given=self.dsn_given)
