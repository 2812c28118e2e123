"""Completeness: how much of what was asked for holds something. Whether it is right is for others to measure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langgraph_quorum.nodes.scoring.fields import at, holds_something
from langgraph_quorum.nodes.scoring.quality import UNMEASURED, quality
from langgraph_quorum.nodes.scoring.scorer import Measure
from langgraph_quorum.nodes.scoring.stated import share_there
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.branch import Branch
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.functions import require_plain
from langgraph_quorum.state.records import Quality

Fields = Sequence[str]
Questions = Mapping[str, str]


def expected() -> Measure:
    """A scorer: the share of the fields in `Specialist(expects=...)` that hold something; missing without any."""

    def of(specialist: Specialist | None, branch: Branch, result: Any) -> Quality:
        del branch
        return _of_fields(result, () if specialist is None else specialist.expects, "expected fields")

    return Measure("expected", of)


def required(fields: Fields | Callable[[Branch], Fields]) -> Measure:
    """A scorer: the share of the required fields that hold something.

    A field holds something unless it is absent, None, blank, or an empty list or dict; 0 and False are something.

    Args:
        fields: Dotted paths within the result, or a plain function of the branch that gives them.

    Raises:
        ConfigurationError: when there are none, or the function is async.
    """
    if callable(fields):
        require_plain("fields", fields, "a plain function of the branch")
    else:
        _check_names("fields", fields)
        fixed = tuple(fields)

    def of(_who: Specialist | None, branch: Branch, result: Any) -> Quality:
        asked = fixed if not callable(fields) else fields(branch)
        _check_names("fields", asked, may_be_empty=True)
        return _of_fields(result, asked, "required fields")

    return Measure("required", of, "thread" if callable(fields) else "inline")


def answered(questions: Questions | Callable[[Branch], Questions]) -> Measure:
    """A scorer: the share of the questions that are answered. One is answered when its field holds something.

    Args:
        questions: By question, the dotted path of the field that is to hold its answer; or a plain function of the
            branch that gives this.

    Raises:
        ConfigurationError: when there are none, or the function is async.
    """
    if callable(questions):
        require_plain("questions", questions, "a plain function of the branch")
    else:
        _check_questions(questions)
        fixed = dict(questions)

    def of(_who: Specialist | None, branch: Branch, result: Any) -> Quality:
        asked = fixed if not callable(questions) else questions(branch)
        if not asked:
            return UNMEASURED
        _check_questions(asked)
        open_ones = [question for question, field in asked.items() if not holds_something(at(result, field))]
        share = (len(asked) - len(open_ones)) / len(asked)
        line = f"{len(asked) - len(open_ones)} of {len(asked)} questions answered"
        return quality(share, [line + (f", not {open_ones}" if open_ones else "")], completeness=share)

    return Measure("answered", of, "thread" if callable(questions) else "inline")


def _of_fields(result: Any, asked: Fields, what: str) -> Quality:
    if not asked:
        return UNMEASURED
    share, line = share_there(result, asked, what)
    return quality(share, [line], completeness=share)


def _check_names(field: str, names: Any, *, may_be_empty: bool = False) -> None:
    is_list = isinstance(names, Sequence) and not isinstance(names, str)
    if not is_list or not all(isinstance(name, str) and name for name in names) or not (names or may_be_empty):
        raise ConfigurationError(field, names, "give a list of names of fields, at least one")


def _check_questions(questions: Any) -> None:
    if not isinstance(questions, Mapping) or not questions:
        raise ConfigurationError("questions", questions, "give a dict of fields by question, at least one")
    _check_names("questions", list(questions.values()))
