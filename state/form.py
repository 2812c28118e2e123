"""The fields of a run's input and context, as forms show them: in Studio, as an assistant's settings, as arguments."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from langchain_core.messages import AnyMessage
from langgraph.graph.message import add_messages
from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from langgraph_quorum.state.records import WorkItem
from langgraph_quorum.state.sync_policy import SyncPolicy

MergeName = Literal["merge_all", "best", "weighted", "consensus", "resolve", "hierarchical", "patterns"]
"""The strategies that a run may choose by name."""

_OWN = SyncPolicy()


class _OrNone:
    """Whoever checks an input takes None as well; whoever reads the state need not know of it."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.nullable_schema(handler(source))


Task: TypeAlias = Annotated[
    str,
    Field(
        description="What is to be done, in words; every branch is told it. When empty: the last human message.",
        examples=["Review the login page"],
        json_schema_extra={"default": ""},
    ),
]
Sources: TypeAlias = Annotated[
    list[str],
    Field(
        description="Files, folders or globs to work on, where the workflow plans its work from them.",
        examples=[["examples/documents"], ["README.md", "docs/*.md"]],
    ),
]
AnySources: TypeAlias = Annotated[Sources, Field(json_schema_extra={"default": []})]
"""Sources where they may be left out."""
Work: TypeAlias = Annotated[
    list[WorkItem],
    _OrNone(),
    Field(
        description="The branches, each with its specialist. When null: the workflow plans them, or each specialist"
        " gets one.",
        examples=[[{"branch_id": "login", "specialist": "security", "payload": {"page": "login"}}]],
        json_schema_extra={"default": None},
    ),
]
Messages: TypeAlias = Annotated[
    list[AnyMessage],
    Field(
        description="A conversation: its last human message is the task, where none is given.",
        examples=[[{"type": "human", "content": "Review the login page"}]],
        json_schema_extra={"default": []},
    ),
    add_messages,
]


def _setting(title: str, what: str, own: float | str, example: float | str) -> Any:
    """What a form says of a setting that a run may make for itself, whose default is null.

    Args:
        title: Its label.
        what: What it is, with its unit and bounds.
        own: What a workflow goes by that was built without one.
        example: Another value.
    """
    shown = own if isinstance(own, str) else f"{own:g}"
    description = f"{what}. When null: the workflow's own, which is {shown} unless it was built with another."
    return Field(title=title, description=description, examples=[example])


Threshold: TypeAlias = Annotated[
    float | None,
    _setting("Threshold", "Share of the branches that must succeed, above 0 and up to 1", _OWN.threshold, 0.6),
]
Grace: TypeAlias = Annotated[
    float | None,
    _setting("Grace (s)", "Seconds that stragglers still get once the threshold is reached, from 0", _OWN.grace_s, 1.0),
]
Deadline: TypeAlias = Annotated[
    float | None,
    _setting(
        "Deadline (s)", "Seconds after fan-out at which it goes on with what there is, above 0", _OWN.deadline_s, 60.0
    ),
]
Minimum: TypeAlias = Annotated[
    int | None, _setting("Minimum", "Successes without which the run fails, from 1", _OWN.minimum, 2)
]
Merge: TypeAlias = Annotated[
    MergeName | None, _setting("Merge", "The strategy that makes one result of all", "weighted", "consensus")
]

SETTINGS = "What one run may set for itself: when its sync points move on, and how it is merged."
"""What the form of a context says, which has neither the ports nor the errors of its docstring."""
