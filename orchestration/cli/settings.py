"""How an analysis is set up: checked as it comes from the command line, kept with the run, and read back on resume."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from langgraph_quorum.orchestration.cli.exits import RefusedError
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.policies import Policies, Review, ValidationPolicy
from langgraph_quorum.state.sync_policy import SyncPolicy

if TYPE_CHECKING:
    from langgraph_quorum.graphs.workflow import QuorumBuilder

COMMAND = "analyse"
WORKFLOW = "document_analysis"

_FLAGS = {
    "threshold": "--threshold",
    "grace_s": "--grace",
    "deadline_s": "--deadline",
    "minimum": "--minimum",
    "mode": "--mode",
    "review": "--review",
    "specialist": "--specialist",
}


@dataclass(frozen=True, slots=True)
class AnalysisSettings:
    """Everything that the graph of an analysis is built from.

    Attributes:
        specialists: Their names, each once.
        sync: The sync point's policy.
        mode: `auto`, `parallel`, `sequential` or `adaptive`.
        review: When a human is asked about the result: `never`, `unmet` or `always`.
    """

    specialists: tuple[str, ...]
    sync: SyncPolicy
    mode: str
    review: Review = "never"

    def graph(self) -> QuorumBuilder:
        """The graph, uncompiled."""
        from langgraph_quorum.graphs.document_analysis import build_document_analysis  # noqa: PLC0415  takes a second

        policies = Policies(validation=ValidationPolicy(review=self.review))
        return build_document_analysis(self.specialists, self.sync, self.mode, policies)

    def as_options(self) -> dict[str, Any]:
        """As they are kept with the run, JSON; no deadline is None, for JSON has no infinity."""
        sync = self.sync
        return {
            "command": COMMAND,
            "specialists": list(self.specialists),
            "threshold": sync.threshold,
            "grace_s": sync.grace_s,
            "deadline_s": None if math.isinf(sync.deadline_s) else sync.deadline_s,
            "minimum": sync.minimum,
            "mode": self.mode,
            "review": self.review,
        }


def stored_settings(options: Mapping[str, Any]) -> AnalysisSettings:
    """The settings that were kept with a run.

    Raises:
        ConfigurationError: they are not of this command, or of another release.
    """
    try:
        deadline_s = options["deadline_s"]
        sync = SyncPolicy(
            threshold=options["threshold"],
            grace_s=options["grace_s"],
            deadline_s=math.inf if deadline_s is None else deadline_s,
            minimum=options["minimum"],
        )
        return AnalysisSettings(
            tuple(options["specialists"]), sync, options["mode"], checked_review(options.get("review", "never"))
        )
    except (KeyError, TypeError) as error:
        raise ConfigurationError("options", error, "the run was kept by another release: start it again") from error


def checked_sync(*, threshold: float, grace_s: float, deadline_s: float, minimum: int) -> SyncPolicy:
    """The sync point's policy as given on the command line.

    Raises:
        RefusedError: naming the option that is wrong and what to give instead.
    """
    try:
        return SyncPolicy(threshold=threshold, grace_s=grace_s, deadline_s=deadline_s, minimum=minimum)
    except ConfigurationError as error:
        raise _refused(error) from error


def checked_review(review: str) -> Review:
    """When a human is asked, as given on the command line.

    Raises:
        RefusedError: there is no such time.
    """
    try:
        return ValidationPolicy(review=cast("Review", review)).review
    except ConfigurationError as error:
        raise _refused(error) from error


def checked_settings(
    specialists: Sequence[str], sync: SyncPolicy, mode: str, review: Review = "never"
) -> AnalysisSettings:
    """Settings as given on the command line.

    Args:
        specialists: Their names; none for all.
        sync: The sync point's policy.
        mode: `auto`, `parallel`, `sequential` or `adaptive`.
        review: When a human is asked.

    Raises:
        RefusedError: naming the option that is wrong and what to give instead.
        MissingExtraError: the extra `documents` is not installed.
    """
    from langgraph_quorum.nodes.planning.mode import check_mode  # noqa: PLC0415  late, to refuse a policy at once
    from langgraph_quorum.nodes.specialists.document.roster import document_specialists  # noqa: PLC0415

    try:
        check_mode(mode)
        crew = document_specialists(list(specialists) or None)
    except ConfigurationError as error:
        raise _refused(error) from error
    return AnalysisSettings(tuple(specialist.name for specialist in crew), sync, mode, review)


def _refused(error: ConfigurationError) -> RefusedError:
    value = f"{error.value:g}" if isinstance(error.value, float) else error.value
    return RefusedError(f"{_FLAGS.get(error.field, error.field)} {value}: {error.mend}")
