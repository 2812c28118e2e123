"""Records of what specialists have done, as files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from langgraph_quorum.state.errors import ConfigurationError

T = TypeVar("T")


def save_record(path: str | Path, content: Any) -> None:
    """Write it as JSON, in place of what is there. Blocks."""
    target = Path(path)
    fresh = target.with_name(f"{target.name}.new")
    fresh.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
    fresh.replace(target)


def load_record(path: str | Path, kind: str, understood: Callable[[Any], T]) -> T:
    """Read what `save_record` has written. Blocks.

    Args:
        path: The file.
        kind: Of record, as an error names it.
        understood: Makes the record's content of what the file holds, or raises.

    Raises:
        ConfigurationError: when the file holds something else.
        OSError: when it cannot be read.
    """
    try:
        return understood(json.loads(Path(path).read_text(encoding="utf-8")))
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ConfigurationError("path", str(path), f"give what {kind}.save has written ({error})") from error
