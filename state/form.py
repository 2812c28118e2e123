"""The fields of a run's input and context, as forms show them: in Studio, as an assistant's settings, as arguments."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from langchain_core.messages import AnyMessage
from langgraph.graph.message import add_messages
from pydantic import Field

from langgraph_quorum.state.records import WorkItem

MergeName = Literal["merge_all", "best", "weighted", "consensus", "resolve", "hierarchical", "patterns"]
"""The strategies that a run may choose by name."""

Task: TypeAlias = Annotated[
    str,
    Field(description="What is to be done, in words; every branch is told it.", examples=["Review the login page"]),
]
Sources: TypeAlias = Annotated[
    list[str],
    Field(
        description="Files, folders or globs to work on, where the workflow plans its work from them.",
        examples=[["examples/documents"], ["README.md", "docs/*.md"]],
    ),
]
Work: TypeAlias = Annotated[
    list[WorkItem],
    Field(
        description="The branches, where they are not to be derived from the task; each names a specialist.",
        examples=[[{"branch_id": "login", "specialist": "security", "payload": {"page": "login"}}]],
    ),
]
Messages: TypeAlias = Annotated[
    list[AnyMessage],
    Field(
        description="A conversation: its last human message is the task, where none is given.",
        examples=[[{"type": "human", "content": "Review the login page"}]],
    ),
    add_messages,
]


def _setting(what: str, example: float | str) -> Any:
    """What a form says of a setting that a run may make for itself."""
    return Field(description=f"{what}; the workflow's own when left out.", examples=[example])


Threshold: TypeAlias = Annotated[
    float | None, _setting("Share of the branches that must succeed, above 0 and up to 1", 0.75)
]
Grace: TypeAlias = Annotated[
    float | None, _setting("Seconds that stragglers still get once the threshold is reached, from 0", 5.0)
]
Deadline: TypeAlias = Annotated[
    float | None, _setting("Seconds after fan-out at which it goes on with what there is, above 0", 120.0)
]
Minimum: TypeAlias = Annotated[int | None, _setting("Successes without which the run fails, from 1", 1)]
Merge: TypeAlias = Annotated[MergeName | None, _setting("The strategy that makes one result of all", "consensus")]
