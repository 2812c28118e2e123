"""Python's cyclic garbage collector, set for a process that drives runs.

As it comes, it looks for garbage after every few hundred new objects, and now and then through all there are, a hundred
thousand of which are what was imported. A run of a thousand branches spends a third of its time so.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

YOUNG_OBJECTS = 200_000
"""So many more objects made than freed, and the collector looks through those; Python's own figure is 700, from 3.13 on
2000."""


@contextmanager
def settled_collector(*, sweep: bool = True) -> Iterator[None]:
    """Have Python's garbage collector look less often, and not at what is there already. For the whole process.

    For the program itself, not for a library: enter it once, after the imports and when the graphs are built. It calls
    `gc.freeze`, and raises the first figure of `gc.set_threshold` unless that is larger already, or 0; the collector
    stays on, or off. Leaving the block puts everything back. Blocks may be nested; the outermost has to be left last.

    Only objects that refer to one another in a circle are concerned, all others are freed at once as ever. Circles that
    are there at the start are not freed before the block is left, later ones a little later.

    Args:
        sweep: Free first what is garbage already, which takes some 50 ms after large imports.
    """
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    if sweep:
        gc.collect()
    gc.freeze()
    if 0 < before[0] < YOUNG_OBJECTS:
        gc.set_threshold(YOUNG_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        if not frozen:
            gc.unfreeze()
