"""A whole workflow as a tool of an agent."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote
from weakref import WeakKeyDictionary, WeakValueDictionary

from langchain_core.runnables import RunnableConfig
from langchain_core.tools import StructuredTool, ToolException
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.config import get_config
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from langgraph_quorum.graphs.nested import Workflow, compiled_workflow, raise_if_failed
from langgraph_quorum.graphs.tool_answer import briefly
from langgraph_quorum.graphs.tool_arguments import Arguments, Task, arguments_of
from langgraph_quorum.graphs.tool_without_loop import run_without_a_loop
from langgraph_quorum.nodes.artifacts.shelf import shelf_of
from langgraph_quorum.state.errors import ConfigurationError, DocumentError, PlanError, WorkflowFailedError
from langgraph_quorum.state.functions import require_plain
from langgraph_quorum.state.keywords import suggesting
from langgraph_quorum.state.workflow import QuorumInput, QuorumOutput

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_OUTPUT = [name for name in QuorumOutput.__annotations__ if name != "messages"]
_ENDED = ("approved", "partial", "failed")
_log = logging.getLogger(__name__)

Args = TypeVar("Args")
_Calls: TypeAlias = WeakValueDictionary[tuple[str, str], asyncio.Lock]
_call_id: ContextVar[str | None] = ContextVar("quorum_tool_call_id", default=None)
_under_way: WeakKeyDictionary[asyncio.AbstractEventLoop, _Calls] = WeakKeyDictionary()
"""By thread and namespace, the calls that are running."""


@suggesting
def as_tool(
    graph: Workflow,
    name: str,
    description: str,
    args_schema: type[Args] | None = None,
    *,
    prepare: Callable[[Args], QuorumInput] | None = None,
    keep: Callable[[QuorumOutput], Any] | None = None,
) -> StructuredTool:
    """A tool that runs a whole workflow, for `create_agent` or any `ToolNode`.

    The workflow is part of the agent's run: it has the agent's checkpointer, so that branches which have finished are
    not done again when the agent is resumed; its questions to a human pause the agent; and config, callbacks, tags,
    context and store of the agent reach the specialists.

    Every call of the tool has a state of its own, under the id of the call. `create_agent` makes a task of each call.
    A bare `ToolNode` makes a task of all calls of a message, which LangGraph ends at the first question, while the
    others still run. Taken up again in the same event loop, each goes on where it has come to by then; to be sure of
    that in another process too, have it given one call at a time.

    A run that fails, and work that cannot be planned, is an error the model reads and may react to: a `ToolMessage`
    with the status `error`, in the run's own words. Set `handle_tool_error = False` on the tool to have it raised as a
    `ToolException` instead. Any other error ends the agent's run, like that of any tool.

    The tool also serves a sync `agent.invoke`. The workflow then runs in the event loop of the agent's checkpointer, if
    that has one; else it gets a loop of its own for the time of the call, and work of it that is to run on after that,
    for a late result, ends there.

    Args:
        graph: What `build_workflow` returns, or the same compiled.
        name: Of the tool: letters, digits, `_` and `-`, at most 64.
        description: Tells the model when to use it.
        args_schema: A pydantic model class or a typed dict: what the model gives. Left out: a required text `task`.
        prepare: Makes the workflow's input from an instance of `args_schema`. It is called again when the agent is
            resumed, and must then give the same. Left out: the fields `task`, `sources` and `work` as they are.
        keep: What the model reads of the output: a text, content blocks, or JSON. Left out: status, measured quality,
            result, failed branches and findings as JSON, of at most 8000 characters. The output as a whole, save its
            `messages`, is the artifact of the `ToolMessage`; references to large texts stay references in it.

    Raises:
        ConfigurationError: naming the argument that is wrong: the graph is no workflow, or a field of `args_schema` is
            none that a workflow knows and nothing says what it is to be.
    """
    _check(name, description)
    for field, function in (("prepare", prepare), ("keep", keep)):
        if function is not None:
            require_plain(field, function)
    compiled = compiled_workflow(name, graph, "any other graph is called from a tool of your own")
    takes = compiled.builder.input_schema.__annotations__
    arguments = arguments_of(Task if args_schema is None else args_schema, takes, prepare)
    return _Tool(name, compiled, arguments, keep or briefly).described(description)


def _check(name: Any, description: Any) -> None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigurationError("name", name, "give 1 to 64 letters, digits, '_' and '-': models take no others")
    if not isinstance(description, str) or not description.strip():
        raise ConfigurationError("description", description, "tell the model in words when to use the tool")


class _CalledTool(StructuredTool):
    """Knows the id of the call. What LangChain injects for that would be refused by a schema that forbids extras."""

    def run(self, *args: Any, tool_call_id: str | None = None, **settings: Any) -> Any:
        was = _call_id.set(tool_call_id)
        try:
            return super().run(*args, tool_call_id=tool_call_id, **settings)
        finally:
            _call_id.reset(was)

    async def arun(self, *args: Any, tool_call_id: str | None = None, **settings: Any) -> Any:
        was = _call_id.set(tool_call_id)
        try:
            return await super().arun(*args, tool_call_id=tool_call_id, **settings)
        finally:
            _call_id.reset(was)


@dataclass(frozen=True, slots=True)
class _Tool:
    name: str
    graph: CompiledStateGraph[Any, Any, Any, Any]
    arguments: Arguments
    keep: Callable[[QuorumOutput], Any]

    def described(self, description: str) -> StructuredTool:
        """The tool, as models are told of it."""
        return _CalledTool(
            name=self.name,
            description=description,
            args_schema=self.arguments.schema,
            func=self.run_without_a_loop,
            coroutine=self.run,
            response_format="content_and_artifact",
            handle_tool_error=True,
        )

    async def run(self, **given: Any) -> tuple[Any, dict[str, Any]]:
        """What the model reads, and the artifact."""
        place = _place(self.name, _call_id.get())
        try:
            async with _one_at_a_time(place):
                output: Any = await self.graph.ainvoke(self.arguments.prepared(given), place, output_keys=_OUTPUT)
            self._check_ended(output)
            raise_if_failed(self.name, output)
        except (PlanError, DocumentError) as error:
            _log.warning("the tool %r could not begin: %s", self.name, error)
            raise ToolException(f"workflow {self.name!r} could not begin: {error}") from error
        except WorkflowFailedError as error:
            raise ToolException(str(error)) from error
        read: Any = {**output, "result": await _with_texts(output["result"])}
        return self.keep(read), output

    def _check_ended(self, output: Mapping[str, Any] | None) -> None:
        if output is None or output.get("status") not in _ENDED:
            mend = "it has paused and nobody can have it go on: call it from an agent that has a checkpointer"
            raise ConfigurationError("tool", self.name, mend)

    def run_without_a_loop(self, **given: Any) -> tuple[Any, dict[str, Any]]:
        """The same for an agent that is run without an event loop."""
        saver = next((kept for kept in _configurable().values() if isinstance(kept, BaseCheckpointSaver)), None)
        return run_without_a_loop(self.name, saver, lambda: self.run(**given))


def _one_at_a_time(place: RunnableConfig | None) -> AbstractAsyncContextManager[Any]:
    """Wait for what still runs of the same call since the agent paused: both would do the same work."""
    if place is None:
        return nullcontext()
    calls = _under_way.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    configurable = place["configurable"]
    return calls.setdefault((str(configurable.get("thread_id")), configurable["checkpoint_ns"]), asyncio.Lock())


async def _with_texts(result: Any) -> Any:
    """The result with texts in place of references to them, where the agent's run has a store for large texts."""
    runtime = next((kept for kept in _configurable().values() if isinstance(kept, Runtime)), None)
    shelf = None if runtime is None else shelf_of(runtime.context)
    return result if shelf is None else await shelf.back(result)


def _configurable() -> dict[str, Any]:
    return get_config().get("configurable", {})


def _place(name: str, call_id: str | None) -> RunnableConfig | None:
    """Where the run of one call keeps its state: under the call's id, which is also what streams name it by.

    LangGraph tells graphs that one task runs apart by the order in which they start. Several calls that a `ToolNode`
    runs at once start in any order, so each would find another's state when the agent is resumed.
    """
    configurable = _configurable()
    namespace = configurable.get("checkpoint_ns")
    order = next(((key, kept) for key, kept in configurable.items() if hasattr(kept, "subgraph_counter")), None)
    if not call_id or not namespace or order is None:
        return None
    key, kept = order
    own = f"{namespace}|{name}:{quote(call_id, safe='')}"
    return {"configurable": {**configurable, "checkpoint_ns": own, key: replace(kept, subgraph_counter=lambda: 0)}}
