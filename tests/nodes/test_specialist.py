"""Registering a specialist: what it is made of is recognised, and every wrong setting is refused by name."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda

from langgraph_quorum import Branch, Resources, Specialist
from langgraph_quorum.nodes.specialists.specialist import RESERVED_NAMES, by_name
from langgraph_quorum.state.errors import ConfigurationError


async def awaited(branch: Branch) -> str:
    return branch.task


def plain(branch: Branch) -> str:
    return branch.task


class AsyncCallable:
    async def __call__(self, branch: Branch) -> str:
        return branch.task

    async def method(self, branch: Branch) -> str:
        return branch.task


@pytest.mark.parametrize(
    ("run", "is_sync"),
    [
        (plain, True),
        (lambda branch: branch.task, True),
        (partial(plain), True),
        (awaited, False),
        (partial(awaited), False),
        (AsyncCallable(), False),
        (AsyncCallable().method, False),
        (RunnableLambda(plain), False),
    ],
)
def test_only_plain_functions_need_a_thread_and_a_core(run: Any, is_sync: bool) -> None:
    specialist = Specialist("s", run)
    assert specialist.is_sync is is_sync
    assert specialist.cpu == float(is_sync)


def test_the_cores_it_takes_can_be_said() -> None:
    assert Specialist("s", awaited, resources=Resources(cpu=2)).cpu == 2
    assert Specialist("s", plain, resources=Resources(cpu=0)).cpu == 0


@pytest.mark.parametrize("name", ["", "a:b", "a|b", "a\0", "__start__", None, 3, *sorted(RESERVED_NAMES)])
def test_a_name_that_the_graph_cannot_bear_is_refused(name: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"Specialist\.name="):
        Specialist(name, awaited)


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        *[("timeout_s", value) for value in (0, -1, float("nan"), True, "5")],
        *[("attempts", value) for value in (0, 1.5, float("inf"), True)],
        *[("backoff_s", value) for value in (0, float("inf"))],
        *[("backoff_max_s", value) for value in (-1, float("inf"))],
        *[("rate_limit", value) for value in (0, float("inf"), "2/s")],
        ("fallback", "s"),
    ],
)
def test_a_setting_out_of_its_bounds_is_named(field: str, wrong: Any) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Specialist("s", awaited, **{field: wrong})
    assert refused.value.field == f"Specialist('s').{field}"


@pytest.mark.parametrize("field", ["retry_on", "prepare", "split", "join"])
@pytest.mark.parametrize("wrong", [awaited, partial(awaited), AsyncCallable()])
def test_an_async_function_is_refused_where_nobody_would_await_what_it_gives(field: str, wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="give a plain function, not an async one") as refused:
        Specialist("s", plain, **{field: wrong})
    assert refused.value.field == f"Specialist('s').{field}"


@pytest.mark.parametrize("wrong", [{"cpu": -1}, {"cpu": "two"}, {"memory_mb": float("nan")}])
def test_resources_out_of_their_bounds_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=rf"Resources\.{next(iter(wrong))}="):
        Resources(**wrong)


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="give a function that is called with one Branch, a runnable or a"):
        Specialist("s", "run me")  # type: ignore[arg-type]


def no_branch() -> str:
    return "nobody asked me"


async def like_a_node(state: Any, config: Any) -> str:
    return "two are one too many"


@pytest.mark.parametrize(
    "run", [no_branch, like_a_node, lambda *, branch: branch, partial(plain, Branch("b", "task")), AsyncCallable]
)
def test_a_function_that_cannot_be_called_with_one_branch_is_refused_before_anything_starts(run: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"Specialist\('s'\)\.run=.*: give a function that is called with one"):
        Specialist("s", run)


def test_a_function_that_does_not_say_what_it_is_called_with_is_believed() -> None:
    functions: list[Any] = [dict, lambda *anything: anything, lambda branch, factor=2: factor]
    for run in functions:
        assert Specialist("s", run).run is run


@pytest.mark.parametrize(
    ("crew", "message"),
    [
        ([], "give at least one Specialist"),
        ([awaited], "give Specialist(name, function)"),
        ([Specialist("s", awaited), Specialist("s", plain)], "'s': two have this name: rename one"),
        ([Specialist("s", awaited, fallback="t")], "fallback='t': name one of s"),
    ],
)
def test_a_crew_that_does_not_fit_together_is_refused(crew: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        by_name(crew)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *[("retry_on", value) for value in (5, "x", int, (KeyError, 3), (KeyError, str))],
        ("resources", {"cpu": 1}),
        *[("expects", value) for value in (5, "title", [1])],
        ("source_types", 5),
        ("capabilities", [1]),
        *[(name, value) for name in ("split", "join", "prepare") for value in ("x", 5, no_branch)],
        ("retry_on", no_branch),
        ("type", 5),
    ],
)
def test_a_setting_of_the_wrong_kind_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=rf"^Specialist\('s'\)\.{field}=.*: give "):
        Specialist("s", awaited, **{field: value})
