"""What records of specialists are made of: pairs, by the specialist's name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from langgraph_quorum.state.errors import ConfigurationError


def pairs_in(observations: Any, mend: str) -> Iterator[tuple[str, Any, Any]]:
    """Each specialist's name with both parts of a pair, one after the other.

    Args:
        observations: A dict of iterables of pairs, or None for none.
        mend: What to give instead of something else.

    Raises:
        ConfigurationError: for something else.
    """
    if observations is None:
        return
    if not isinstance(observations, Mapping):
        raise ConfigurationError("observations", observations, mend)
    for specialist, seen in observations.items():
        if isinstance(seen, str) or not isinstance(seen, Iterable):
            raise ConfigurationError(f"observations[{specialist}]", seen, mend)
        for pair in seen:
            try:
                one, other = pair
            except (TypeError, ValueError) as error:
                raise ConfigurationError(f"observations[{specialist}]", pair, mend) from error
            yield specialist, one, other
