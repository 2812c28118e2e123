"""What is stored can be shown: as strict JSON, and in words."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from langgraph.graph import START, StateGraph
from typing_extensions import TypedDict

from langgraph_quorum import Branch, Orchestrator, Specialist, build_workflow
from langgraph_quorum.orchestration.cli import strict_json
from langgraph_quorum.orchestration.cli.strict_json import json_text
from langgraph_quorum.orchestration.cli.words import interval, seconds, share
from tests.cli.conftest import Quorum, complaints_in
from tests.nested import nested

NULL = "quorum: null stands for numbers that JSON does not have (NaN, infinity)"


@pytest.fixture(autouse=True)
def nothing_said() -> Iterator[None]:
    strict_json._say.cache_clear()
    yield
    strict_json._say.cache_clear()


def test_what_json_lacks_is_null_or_text_and_that_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    state = {"costs": [math.nan, math.inf, 1.5], ("a", 1): {"on": date(2026, 5, 4)}, "what": Branch}

    told = json.loads(json_text(state), parse_constant=pytest.fail)
    json_text(-math.inf)

    assert told == {"costs": [None, None, 1.5], "('a', 1)": {"on": "2026-05-04"}, "what": repr(Branch)}
    assert capsys.readouterr().err == f"{NULL}\n"


def test_a_value_that_is_nested_deeper_than_python_counts_is_cut_and_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert '"[[[[[[[...]]]]]]]"' in json_text(nested(20_000), indent=None)
    assert capsys.readouterr().err == ""


def test_figures_that_are_none_are_a_dash() -> None:
    assert (seconds(math.nan), seconds(None), share(None), interval([0.5, None])) == ("-", "-", "-", "0.50 to -")


class Earlier(TypedDict, total=False):
    """What a release has kept that did not look at numbers."""

    branches: dict[str, Any]
    sync: list[Any]
    timeline: list[Any]
    attribution: list[Any]
    confidence_interval: list[float]
    quality: float
    load: dict[str, float]
    result: dict[str, float]


async def test_a_run_that_holds_nan_is_shown_and_explained(quorum: Quorum, database: str) -> None:
    one = build_workflow([Specialist("one", lambda branch: {"v": 1, "confidence": 0.9})])
    async with Orchestrator.open(one, database) as runs:
        out = await (await runs.start({"task": "x"}, "t")).result()

    def keep(state: Earlier) -> dict[str, Any]:
        wrong = {"result": {"v": math.nan}, "load": {"cost": math.nan}, "confidence_interval": [math.nan, 1.0]}
        records = {"one": {**out["branches"]["one"], "cost": math.nan, "seconds": math.nan}}
        return {name: out[name] for name in Earlier.__annotations__ if name in out} | {"branches": records, **wrong}

    earlier = StateGraph(Earlier).add_node("keep", keep).add_edge(START, "keep")
    async with Orchestrator.open(earlier, database) as others:
        await (await others.start({}, "nan")).result()

    as_json = quorum("show", "nan", "--json", "--dsn", database)
    shown = quorum("show", "nan", "--dsn", database)
    explained = quorum("explain", "nan", "--dsn", database)

    told = json.loads(as_json.stdout, parse_constant=pytest.fail)
    assert (told["confidence_interval"], told["result"]) == ([None, 1.0], {"v": None})
    assert told["branches"]["one"]["cost"] is None
    assert list(complaints_in(as_json.stderr)) == [NULL]
    assert "(- to 1.00)" in shown.stdout
    assert "no cost was reported" in explained.stdout
    assert json.loads(quorum("explain", "nan", "--json", "--dsn", database).stdout)["spent"]["cost"] == 0
