"""What the register of runs keeps of a run is sealed in a form of its own, and bound to that run."""

from typing import Any

import pytest

from langgraph_quorum.orchestration.persistence.encryption import Encryption
from langgraph_quorum.orchestration.persistence.sealed_register import (
    opened_options,
    opened_task,
    sealed_task,
)
from langgraph_quorum.state.errors import SealError
from tests.persistence.sealed_threads import NEW, OLD


@pytest.mark.parametrize(
    ("sealer", "options", "told"),
    [
        (OLD, {"input": 1}, "not encrypted"),
        (OLD, {"sealed": ["sealed", "?"]}, "not encrypted"),
        (None, {"sealed": ["sealed", "AQ=="]}, "QUORUM_ENCRYPTION_KEYS"),
        (NEW, {"sealed": ["sealed", "AQNvbGQA"]}, "no envelope"),
    ],
)
def test_options_in_the_wrong_form_are_refused(sealer: Encryption | None, options: dict[str, Any], told: str) -> None:
    with pytest.raises(SealError, match=told):
        opened_options(sealer, "t", options)


def test_a_task_is_bound_to_its_run_and_without_a_sealer_shown_as_it_is() -> None:
    task = sealed_task(OLD, "t", "look at ü")
    assert "look" not in task
    assert opened_task(OLD, "t", task) == "look at ü"
    assert opened_task(None, "t", task) == task
    assert sealed_task(None, "t", "look") == "look"
    for thread_id, stored_task in (("u", task), ("t", "look"), ("t", "sealed:?")):
        with pytest.raises(SealError):
            opened_task(OLD, thread_id, stored_task)
