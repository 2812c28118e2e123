"""What a model may give to a tool that is a workflow, and how it becomes the workflow's input."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PydanticUserError, TypeAdapter
from typing_extensions import is_typeddict

from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.workflow import QuorumInput

_KNOWN = ("task", "sources", "work")
_TAKEN = ("config", "run_manager", "callbacks", "self")
"""LangChain hands these to a tool by itself."""


class Task(BaseModel):
    """What a model gives where nothing else is asked of it."""

    model_config = ConfigDict(extra="forbid")

    task: str = Field(description="What is to be done, in words.", min_length=1)


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a tool.

    Attributes:
        schema: For the model: a pydantic class, by which LangChain checks what comes, or a JSON schema.
        read: Makes of the arguments by name what `prepare` takes.
        prepare: Makes the workflow's input of that.
    """

    schema: Any
    read: Callable[[dict[str, Any]], Any]
    prepare: Callable[[Any], QuorumInput]

    def prepared(self, given: dict[str, Any]) -> QuorumInput:
        """The workflow's input.

        Raises:
            pydantic.ValidationError: the arguments do not fit the schema; the model is told so by the `ToolNode`.
        """
        return self.prepare(self.read(given))


def arguments_of(schema: Any, takes: Collection[str], prepare: Callable[[Any], QuorumInput] | None) -> Arguments:
    """The arguments that a pydantic class or a typed dict describes.

    Args:
        schema: The class.
        takes: Fields of its input that the workflow takes.
        prepare: Makes the input of an instance; None when the fields are the input as they are.

    Raises:
        ConfigurationError: it is neither, or has a field that nobody knows.
    """
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        _check(schema.model_fields, takes, prepare)
        return Arguments(schema, lambda given: schema.model_construct(**given), prepare or _from_model)
    if is_typeddict(schema):
        _check(schema.__annotations__, takes, prepare)
        try:
            checked: TypeAdapter[Any] = TypeAdapter(schema)
        except PydanticUserError as error:
            raise ConfigurationError("args_schema", schema, f"pydantic cannot read it: {error.message}") from error
        return Arguments(checked.json_schema(), checked.validate_python, prepare or _from_fields)
    raise ConfigurationError("args_schema", schema, "give a pydantic model class or a typed dict")


def _check(fields: Collection[str], takes: Collection[str], prepare: object) -> None:
    known = [name for name in _KNOWN if name in takes]
    for field in fields:
        if field in _TAKEN:
            raise ConfigurationError("args_schema", field, "LangChain takes this name for itself: rename the field")
        if prepare is None and field not in known:
            mend = f"this workflow takes {', '.join(known)}: give prepare=... to say what the field is to it"
            raise ConfigurationError("args_schema", field, mend)
    if not fields and prepare is None:
        raise ConfigurationError("args_schema", [], f"give it a field {' or '.join(known)}, or give prepare=...")


def _from_model(given: BaseModel) -> QuorumInput:
    return _from_fields(given.model_dump(mode="json"))


def _from_fields(given: dict[str, Any]) -> QuorumInput:
    known: Any = {name: value for name, value in given.items() if name in _KNOWN and value is not None}
    return known  # type: ignore[no-any-return]
