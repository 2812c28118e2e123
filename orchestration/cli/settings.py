"""How an analysis is set up: checked as it comes from the command line, kept with the run, and read back on resume."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from langgraph_quorum.orchestration.cli.exits import RefusedError
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.policies import Pause, Policies, Review, ReviewPolicy, ValidationPolicy
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
    "expires_s": "--expires",
    "on_expiry": "--on-expiry",
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
        questions: Where the run pauses, and how long its questions are open.
    """

    specialists: tuple[str, ...]
    sync: SyncPolicy
    mode: str
    review: Review = "never"
    questions: ReviewPolicy = field(default_factory=ReviewPolicy)

    def graph(self) -> QuorumBuilder:
        """The graph, uncompiled."""
        from langgraph_quorum.graphs.document_analysis import build_document_analysis  # noqa: PLC0415  takes a second

        policies = Policies(validation=ValidationPolicy(review=self.review), review=self.questions)
        return build_document_analysis(self.specialists, self.sync, self.mode, policies)

    def as_options(self) -> dict[str, Any]:
        """As they are kept with the run, JSON; without a deadline or an expiry None, for JSON has no infinity."""
        sync, questions = self.sync, self.questions
        return {
            "command": COMMAND,
            "specialists": list(self.specialists),
            "threshold": sync.threshold,
            "grace_s": sync.grace_s,
            "deadline_s": _finite(sync.deadline_s),
            "minimum": sync.minimum,
            "mode": self.mode,
            "review": self.review,
            "pause_before": list(questions.pause_before),
            "expires_s": _finite(questions.expires_s),
            "on_expiry": questions.on_expiry,
        }


def stored_settings(options: Mapping[str, Any]) -> AnalysisSettings:
    """The settings that were kept with a run.

    Raises:
        ConfigurationError: they are not of this command, or of another release.
    """
    try:
        sync = SyncPolicy(
            threshold=options["threshold"],
            grace_s=options["grace_s"],
            deadline_s=_seconds(options["deadline_s"]),
            minimum=options["minimum"],
        )
        questions = checked_questions(
            options.get("pause_before", ()),
            expires_s=_seconds(options.get("expires_s")),
            on_expiry=options.get("on_expiry", "reject"),
        )
        review = checked_review(options.get("review", "never"))
        return AnalysisSettings(tuple(options["specialists"]), sync, options["mode"], review, questions)
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


def checked_questions(pause_before: Iterable[str], *, expires_s: float, on_expiry: str) -> ReviewPolicy:
    """Where a run pauses, and how long its questions are open, as given on the command line.

    Raises:
        RefusedError: naming the option that is wrong and what to give instead.
    """
    pauses = tuple(dict.fromkeys(pause_before))
    for name in pauses:
        if name not in get_args(Pause):
            raise RefusedError(f"--pause-before {name}: give {' or '.join(get_args(Pause))}")
    try:
        return ReviewPolicy(
            expires_s=expires_s,
            on_expiry=cast("Literal['approve', 'reject']", on_expiry),
            pause_before=cast("tuple[Pause, ...]", pauses),
        )
    except ConfigurationError as error:
        raise _refused(error) from error


def refuse_idle_expiry(review: Review, questions: ReviewPolicy) -> None:
    """Refuse an expiry for which there is no question, and an answer to it where no question expires.

    Raises:
        RefusedError: naming the option that would do nothing and the one that is missing.
    """
    if not math.isinf(questions.expires_s) and review == "never" and not questions.pause_before:
        raise RefusedError(f"--expires {questions.expires_s:g}: nobody is asked: give --review or --pause-before, too")
    if math.isinf(questions.expires_s) and questions.on_expiry != "reject":
        raise RefusedError(f"--on-expiry {questions.on_expiry}: no question expires: give --expires, too")


def checked_settings(
    specialists: Sequence[str],
    sync: SyncPolicy,
    mode: str,
    review: Review = "never",
    questions: ReviewPolicy | None = None,
) -> AnalysisSettings:
    """Settings as given on the command line.

    Args:
        specialists: Their names; none for all.
        sync: The sync point's policy.
        mode: `auto`, `parallel`, `sequential` or `adaptive`.
        review: When a human is asked.
        questions: Where the run pauses, and how long its questions are open.

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
    names = tuple(specialist.name for specialist in crew)
    return AnalysisSettings(names, sync, mode, review, questions or ReviewPolicy())


def _finite(seconds: float) -> float | None:
    return None if math.isinf(seconds) else seconds


def _seconds(kept: float | None) -> float:
    return math.inf if kept is None else kept


def _refused(error: ConfigurationError) -> RefusedError:
    value = f"{error.value:g}" if isinstance(error.value, float) else error.value
    return RefusedError(f"{_FLAGS.get(error.field, error.field)} {value}: {error.mend}")
