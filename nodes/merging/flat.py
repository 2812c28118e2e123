"""The strategies that look at all results at once, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from langgraph_quorum.nodes.merging.consensus import Consensus
from langgraph_quorum.nodes.merging.made import Strategy
from langgraph_quorum.nodes.merging.patterns import Patterns
from langgraph_quorum.nodes.merging.resolve import Resolve
from langgraph_quorum.nodes.merging.weighted import Weighted
from langgraph_quorum.nodes.merging.whole import best, merge_all
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.functions import require_plain
from langgraph_quorum.state.words import suggestion

FlatName = Literal["merge_all", "best", "weighted", "consensus", "resolve", "patterns"]

FLAT: Mapping[str, Strategy] = {
    "merge_all": merge_all,
    "best": best,
    "weighted": Weighted(),
    "consensus": Consensus(),
    "resolve": Resolve(),
    "patterns": Patterns(),
}


def named_in(known: Mapping[str, Strategy], name: str | Strategy, field: str) -> tuple[str, Strategy]:
    """A strategy and its name, from its name or from the strategy itself.

    Raises:
        ConfigurationError: naming the field, and the nearest name for one that there is not; for an async function.
    """
    if isinstance(name, type):
        raise ConfigurationError(field, name.__name__, f"give one that is made: {name.__name__}(...)")
    if callable(name):
        require_plain(field, name, "a plain function of the results and their weights")
        return str(getattr(name, "name", "") or getattr(name, "__name__", "") or "custom"), name
    if name == "synthesis":
        raise ConfigurationError(field, name, "give Synthesis(model): it needs a chat model")
    if not isinstance(name, str) or name not in known:
        raise ConfigurationError(field, name, f"{suggestion(str(name), known)}; or give a function")
    return str(name), known[name]  # a subclass would be kept as it is
