"""Names that a package shows without importing where they live, until somebody asks for one."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def lazily(package: str, homes: Mapping[str, Sequence[str]]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package whose public names live elsewhere.

    A type checker must not see them: it would take every misspelt name for one that is there. It is shown the same
    names as imports instead.

    Args:
        package: Its `__name__`.
        homes: By module below `langgraph_quorum`, the names that live there.
    """
    home_of = {name: home for home, names in homes.items() for name in names}
    root = __name__.partition(".")[0]

    def found(name: str) -> Any:
        home = home_of.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{root}.{home}"), name)
        setattr(sys.modules[package], name, value)
        return value

    def listed() -> list[str]:
        return sorted({*vars(sys.modules[package]), *home_of})

    return found, listed
