"""Wrong arguments are refused where they are given, by name and with the mend."""

from __future__ import annotations

from typing import Any

import pytest

from langgraph_quorum import (
    Policies,
    RecoveryPolicy,
    Specialist,
    SyncPolicy,
    Tuning,
    ValidationPolicy,
    build_workflow,
)
from langgraph_quorum.state.errors import ConfigurationError
from tests.graphs.running import Crew, run

GOOD = Specialist("good", print)


@pytest.mark.parametrize(
    ("arguments", "field", "mend"),
    [
        ({"specialists": GOOD}, "specialists", "a list of Specialist"),
        ({"specialists": "good"}, "specialists", "a list of Specialist"),
        ({"specialists": [print]}, "specialists", "Specialist(name, function)"),
        ({"specialists": []}, "specialists", "at least one"),
        ({"specialists": [GOOD], "sync": {"threshold": 0.5}}, "sync", "a SyncPolicy"),
        ({"specialists": [GOOD], "sync": 0.5}, "sync", "a SyncPolicy"),
        ({"specialists": [GOOD], "tuning": 5}, "tuning", "a Tuning"),
        ({"specialists": [GOOD], "tuning": Policies()}, "tuning", "a Tuning"),
        ({"specialists": [GOOD], "mode": "paralel"}, "mode", "parallel"),
        ({"specialists": [GOOD], "merge": "avg"}, "merge", "weighted"),
    ],
)
def test_an_argument_that_is_none_is_named(arguments: dict[str, Any], field: str, mend: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        build_workflow(**arguments)
    assert refused.value.field == field
    assert mend in str(refused.value)[:200]  # not behind all that the wrong one holds


@pytest.mark.parametrize("field", ["expects", "source_types", "capabilities"])
def test_a_text_where_names_are_asked_for_is_not_read_letter_by_letter(field: str) -> None:
    wrong: dict[str, Any] = {field: "abc"}
    with pytest.raises(ConfigurationError, match="give a tuple of strings"):
        Specialist("a", print, **wrong)


@pytest.mark.looptime
async def test_a_good_answer_without_a_measured_quality_does_not_make_the_run_worse() -> None:
    crew = Crew()
    result = await run(crew.scores("sure", 0.9), crew.sleeps("silent", 1), sync=SyncPolicy(threshold=1.0))
    # 0.9 was measured and reaches 0.8; the other's 0.5 is assumed for the weight only.
    assert (result["status"], result["quality"] < 0.8) == ("approved", True)


@pytest.mark.parametrize(
    ("made", "name", "value"),
    [
        *[(Policies, name, "x") for name in ("mode", "weight", "validation", "recovery", "growth")],
        (Policies, "recovery", ValidationPolicy()),
        (Tuning, "policies", RecoveryPolicy()),
        *[(Tuning, name, 5) for name in ("scale", "scorer", "planner", "threads", "conditions", "resources")],
        (Tuning, "resources", [("gpu", 1)]),
        (Tuning, "conditions", [print]),
    ],
)
def test_a_part_of_the_wrong_kind_is_refused_by_name(made: Any, name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{made.__name__}\.{name}=.*: give "):
        made(**{name: value})
