"""`quorum remerge`: stored results merged under another policy, beside how the run has merged them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

from langgraph_quorum.orchestration.artifacts import default_artifacts
from langgraph_quorum.orchestration.cli.databases import database_to_read
from langgraph_quorum.orchestration.cli.exits import APPROVED, RefusedError
from langgraph_quorum.orchestration.cli.json_output import print_json
from langgraph_quorum.orchestration.cli.sealed import saver_of
from langgraph_quorum.orchestration.cli.thread_ids import checked_thread
from langgraph_quorum.orchestration.cli.threads import any_run
from langgraph_quorum.orchestration.persistence.encryption import environment_sealer
from langgraph_quorum.orchestration.remerging import check_strategy, remerge_run
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.policies import WeightPolicy

_OPTIONS = {"quality_share": "--quality-share", "speed_share": "--speed-share", "halving_s": "--halving"}


@dataclass(frozen=True, slots=True)
class RemergeRequest:
    """What is to be merged again, and how.

    Attributes:
        thread_id: The run.
        strategy: By name.
        weighing: Fields of the weight policy that are not to be the run's own.
    """

    thread_id: str
    strategy: str
    weighing: Mapping[str, float]

    @classmethod
    def of(
        cls,
        thread: str,
        strategy: str,
        *,
        quality_share: float | None,
        speed_share: float | None,
        halving: float | None,
    ) -> Self:
        """The request as the command line gives it; None for what was left out.

        Raises:
            RefusedError: an option makes no sense.
        """
        thread_id = checked_thread(thread)
        try:
            check_strategy(strategy)
        except ConfigurationError as error:
            raise RefusedError(f"--strategy {strategy}: {error.mend.partition(';')[0]}") from None
        given = {"quality_share": quality_share, "speed_share": speed_share, "halving_s": halving}
        request = cls(thread_id, strategy, {name: value for name, value in given.items() if value is not None})
        request.weigh(WeightPolicy(quality_share=1.0, speed_share=1.0))  # whatever the run's own shares are
        return request

    def weigh(self, own: WeightPolicy) -> WeightPolicy:
        """The run's own policy with what was given in place of its numbers.

        Raises:
            RefusedError: a number is out of its bounds.
        """
        try:
            return replace(own, **dict(self.weighing))
        except ConfigurationError as error:
            raise RefusedError(f"{_OPTIONS.get(error.field, error.field)} {error.value:g}: {error.mend}") from None


async def remerge_thread(dsn: str | None, request: RemergeRequest, *, as_json: bool) -> int:
    """Print both merges side by side, and return the exit code: 0 when they could be made.

    Raises:
        ThreadNotFoundError: nothing is stored under this thread.
        ConfigurationError: the run is one of a graph that is no workflow of ours, or no branch of it has ended.
        QuorumError: the database cannot be used, or the run not be read or merged.
    """
    async with database_to_read(dsn) as pool:
        stored = await any_run(pool, request.thread_id)
        store = default_artifacts(pool, environment_sealer())
        told = await remerge_run(pool, saver_of(pool), stored, request.strategy, weigh=request.weigh, store=store)
    if as_json:
        print_json(told.as_json())
        return APPROVED
    from langgraph_quorum.orchestration.cli.rendering.remerged import print_remerged  # noqa: PLC0415  imports rich

    print_remerged(told)
    return APPROVED
