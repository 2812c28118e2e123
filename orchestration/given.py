"""What a run is given: its input, the answers to its questions, and what the register keeps of it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from langgraph.types import Command, StateSnapshot
from pydantic import BaseModel

from langgraph_quorum.nodes.branching.jsonable import jsonable
from langgraph_quorum.nodes.reviewing.answers import EXPIRE
from langgraph_quorum.orchestration.naming import NOT_STORABLE
from langgraph_quorum.orchestration.outcome import is_finished, is_new, open_questions, ours, waits_for_human
from langgraph_quorum.orchestration.same_input import DIGEST, INPUT
from langgraph_quorum.state.errors import AnswerError, ConfigurationError, ResultError
from langgraph_quorum.state.words import suggestion
from langgraph_quorum.state.workflow import QuorumContext

NOTHING = object()
"""There is nothing to drive."""

_ANSWERS = "kept_answers"
"""Among a run's options."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the register keeps of a run.

    Attributes:
        task: What it is to do, for people to recognise it.
        options: JSON values, for whoever builds the graph again; the input among them.
        tags: What the run can be found by; None leaves it those it has.
    """

    task: str
    options: dict[str, Any]
    tags: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What one start or resume was given.

    Attributes:
        values: The graph's input; None when it is not known any more.
        entry: For the register.
        answers: By interrupt id.
        context: The run's context.
        kept: Answers to open questions that were given before, and whose branch has not ended yet: a crash came first.
        revives: Whether a cancelled run is taken up again.
        unsaid: Fields of the input that whoever gave it has left to their defaults.
    """

    values: Mapping[str, Any] | None
    entry: Entry
    answers: Mapping[str, Any] = field(default_factory=dict)
    context: Any = None
    kept: Mapping[str, Any] = field(default_factory=dict)
    revives: bool = False
    unsaid: Collection[str] = ()

    @property
    def said(self) -> Mapping[str, Any] | None:
        """The input by which two starts are held to be of one run: a default may be another each time it is made."""
        if self.values is None:
            return None
        return {name: value for name, value in self.values.items() if name not in self.unsaid}

    def remembering(self, options: Mapping[str, Any], asked: Collection[str]) -> Given:
        """The same, with what the register has kept of earlier answers to the questions that are open."""
        kept = {name: answer for name, answer in options.get(_ANSWERS, {}).items() if name in asked}
        return dataclasses.replace(self, kept=kept)

    def answering(self, late: Mapping[str, datetime]) -> dict[str, datetime]:
        """Of these questions, with when they expired, the ones that there is a new answer to."""
        given = self.answers if isinstance(self.answers, Mapping) else ()
        return {name: late[name] for name in given if name in late}

    def expiring(self, late: Collection[str]) -> Given:
        """The same, with the default answer to these questions in place of one that comes too late.

        One that was answered in time, before a crash, keeps that answer.
        """
        if not late or not isinstance(self.answers, Mapping):
            return self
        answers = {name: answer for name, answer in self.answers.items() if name not in late}
        up = {name: EXPIRE for name in late if name not in self.kept}
        return dataclasses.replace(self, answers={**answers, **up})

    def entered(self, task: str, options: Mapping[str, Any]) -> Entry:
        """What the register keeps from now on of a run that is taken up, with the answers to its open questions.

        LangGraph keeps an answer only once the branch that it is for has ended.
        """
        rest = {name: value for name, value in options.items() if name != _ANSWERS}
        return Entry(task, {**rest, **_kept_answers({**self.kept, **self.answers})})

    def adopting(self) -> Entry:
        """What the register keeps of a thread that was begun without it: with which input, nobody can tell."""
        options = {name: value for name, value in self.entry.options.items() if name not in (INPUT, DIGEST)}
        return dataclasses.replace(self.entry, options=options)

    def for_graph(self, thread_id: str, snapshot: StateSnapshot) -> Any:
        """What to hand to the graph where it stands: its input, answers, None to go on, or `NOTHING`.

        Raises:
            ConfigurationError: nothing is stored but the run's name, and the input is not known.
            AnswerError: an answer is to a question that is not open.
        """
        if not isinstance(self.answers, Mapping):
            mend = "give a dict of answers by interrupt id, as the outcome's `interrupts` names them"
            raise AnswerError(f"answers={self.answers!r} for thread {thread_id!r}: {mend}")
        asked = open_questions(snapshot)
        unknown = [name for name in self.answers if name not in asked]
        if unknown:
            known = ", ".join(asked) or "none"
            raise AnswerError(f"no question {unknown[0]!r} is open on thread {thread_id!r}: the open ones are {known}")
        if is_new(snapshot):
            if self.values is None:
                mend = "it has no state yet, and its input, which is not JSON, was not kept: `start` it with its input"
                raise ConfigurationError("thread_id", thread_id, mend)
            return self.values
        if self.answers or self.kept:
            return Command(resume={**self.kept, **self.answers})
        return NOTHING if is_finished(snapshot) or waits_for_human(snapshot) else None


def fields_of(values: Any) -> Mapping[str, Any]:
    """An input by its fields: a dict, or what a graph whose state is a dataclass or a pydantic model takes.

    Raises:
        ConfigurationError: it is none of these.
    """
    if isinstance(values, Command):
        mend = "give the graph's input: `resume` takes answers to questions, and `fork` edits of the state"
        raise ConfigurationError("values", values, mend)
    if isinstance(values, BaseModel):
        # Defaults are given too, as LangGraph does it: what a factory has made would be another in each node.
        fields = {name: getattr(values, name) for name in (*type(values).model_fields, *(values.model_extra or ()))}
        return {name: value for name, value in fields.items() if value is not None or name in values.model_fields_set}
    if dataclasses.is_dataclass(values) and not isinstance(values, type):
        return {one.name: getattr(values, one.name) for one in dataclasses.fields(values)}
    if not isinstance(values, Mapping):
        raise ConfigurationError("values", values, "give the graph's input, for instance {'task': '...'}")
    return values


def check_names(values: Mapping[str, Any], known: Collection[str]) -> None:
    """Refuse an input that names a field the graph does not have: LangGraph would drop it without a word.

    Raises:
        ConfigurationError: naming the field, and the one that was probably meant.
    """
    for name in values:
        if name not in known:
            mend = f"the input has no such field: {suggestion(str(name), known)}"
            raise ConfigurationError(str(name), values[name], mend)


def check_context(context: Any, schema: Any) -> None:
    """Refuse a context that no run of ours could have: a resumed run would fail of it.

    Args:
        context: As the run was given it.
        schema: The graph's; what a graph of somebody else takes is looked at by LangGraph.

    Raises:
        ConfigurationError: naming the field, and the one that was probably meant.
    """
    if schema is not QuorumContext or context is None or isinstance(context, QuorumContext):
        return
    if not isinstance(context, Mapping):
        mend = "give a dict, for instance {'threshold': 0.5}, or a QuorumContext"
        raise ConfigurationError("context", type(context).__name__, mend)
    known = [one.name for one in dataclasses.fields(QuorumContext)]
    for name in context:
        if name not in known:
            mend = f"the context has no such field: {suggestion(str(name), known)}"
            raise ConfigurationError(str(name), "...", mend)  # not repeated: a key for a service may have got in here
    QuorumContext(**context)


def check_storable(values: Mapping[str, Any], channels: Mapping[str, Any]) -> None:
    """Refuse an input that Postgres could not keep: LangGraph stores top-level texts as they are.

    Args:
        values: By field.
        channels: The graph's. In one of ours a task is a text; in another the field may hold what it likes.

    Raises:
        ConfigurationError: naming the field.
    """
    if ours(channels) and not isinstance(values.get("task", ""), (str, type(None))):
        raise ConfigurationError("task", values["task"], "give it in words, a string")
    for name, value in values.items():
        if isinstance(value, str) and NOT_STORABLE.search(value):
            raise ConfigurationError(name, value[:80], "take out NUL characters and lone surrogates")


def _kept_answers(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers as they can be kept with the run; {} when there are none, or Postgres could not keep them as they are."""
    try:
        text = json.dumps(dict(answers), allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        return {}
    if not answers or "\\u0000" in text or NOT_STORABLE.search(text):
        return {}
    return {_ANSWERS: json.loads(text)}


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse options under the names of what a run keeps by itself: one of the two would be lost without a word.

    Raises:
        ConfigurationError: naming the option; or they are no dict.
    """
    if not isinstance(options, Mapping):
        raise ConfigurationError("options", options, "give a dict of JSON values, by name")
    for name in (INPUT, DIGEST, _ANSWERS):
        if name in options:
            raise ConfigurationError("options", name, "a run keeps something of its own under this name: take another")


def kept_input(values: Mapping[str, Any]) -> dict[str, Any]:
    """The input as it can be kept with the run, for a crash before its first checkpoint; {} when it is not JSON."""
    try:
        plain = json.loads(json.dumps(dict(values), allow_nan=False))
        return {INPUT: jsonable(plain, INPUT)}
    except (TypeError, ValueError, RecursionError, ResultError):
        return {}
