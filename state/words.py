"""Words for messages: what somebody probably meant, and counts with the right number."""

from __future__ import annotations

import difflib
from collections.abc import Collection


def suggestion(name: str, known: Collection[str]) -> str:
    """The mend for a name that there is not: the closest one that there is, else all of them."""
    close = difflib.get_close_matches(name, sorted(known), n=1)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(sorted(known))}"


def counted(number: int, one: str, many: str = "") -> str:
    """The number with its noun: `1 branch`, `2 branches`; `many` is `one` with an s when left out."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def kind_of(value: object) -> str:
    """What a value is, with its article: `a dict`, `an object`."""
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
