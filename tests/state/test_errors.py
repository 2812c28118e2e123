"""Errors tell the same in another process: without this, one of them breaks a whole process pool."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Iterator

import pytest

from langgraph_quorum.nodes.merging.synthesis import UnsourcedError
from langgraph_quorum.nodes.scoring.asking import ModelAnswerError
from langgraph_quorum.state.errors import (
    ConfigurationError,
    DocumentError,
    PlanError,
    QuorumError,
    SyncPolicyError,
    ThreadBusyError,
)
from tests.nested import nested

ARGUMENTS = {"float": 2.5, "float | None": 2.5, "object": ["a", 1]}


def leaves(kind: type[QuorumError] = QuorumError) -> Iterator[type[QuorumError]]:
    """Those of one module, whatever else has been imported."""
    yield kind
    for below in kind.__subclasses__():
        if below.__module__ == QuorumError.__module__:
            yield from leaves(below)


KINDS = [*leaves(), ModelAnswerError, UnsourcedError]


def made(kind: type[QuorumError]) -> QuorumError:
    """One of a kind, with an argument for each that it takes."""
    if not inspect.isfunction(kind.__init__):  # Python's own
        return kind("said")
    asked = list(inspect.signature(kind).parameters.values())
    return kind(*(ARGUMENTS.get(str(one.annotation), f"its {one.name}") for one in asked))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_is_the_same_when_it_has_been_pickled_or_copied(kind: type[QuorumError]) -> None:
    error = made(kind)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is kind
        assert (str(again), again.args, vars(again)) == (str(error), error.args, vars(error))


def test_what_an_error_holds_is_told_again() -> None:
    error = pickle.loads(pickle.dumps(ThreadBusyError("t", "host 7", 3.5)))
    assert (error.thread_id, error.owner, error.expires_in_s) == ("t", "host 7", 3.5)


def test_a_wrong_value_is_not_repeated_whole_where_it_is_large() -> None:
    said = str(ConfigurationError("task", "long " * 100_000, "give a shorter one"))
    assert said.startswith("task='long long")
    assert said.endswith("...: give a shorter one")
    assert len(said) < 1000


def test_a_wrong_value_that_cannot_be_shown_is_told_by_its_type() -> None:
    assert str(ConfigurationError("given", nested(200_000), "give less")) == "given=<list>: give less"


@pytest.mark.parametrize("kind", [ConfigurationError, SyncPolicyError, PlanError, DocumentError])
def test_what_was_given_wrongly_is_a_value_error_as_well(kind: type[QuorumError]) -> None:
    assert issubclass(kind, ValueError)  # LangGraph's server tells its clients the words of no others
