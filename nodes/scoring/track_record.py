"""How often a specialist was right when it stated a confidence: counted from outcomes that somebody has checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from langgraph_quorum.nodes.scoring.calibration import BINS, Bin, bin_of, calibrated
from langgraph_quorum.nodes.scoring.observed import pairs_in
from langgraph_quorum.nodes.scoring.quality import is_share
from langgraph_quorum.nodes.scoring.record_file import load_record, save_record
from langgraph_quorum.state.errors import ConfigurationError

Observation = tuple[float, bool]
"""A stated confidence, 0..1, and whether the result was right."""


class TrackRecord:
    """The counts of each specialist's observations, by tenths of the stated confidence. It does not grow with them.

    Args:
        observations: By the specialist's name, pairs of stated confidence and whether it was right.

    Raises:
        ConfigurationError: for a confidence outside of 0..1, an outcome that is not True or False, and for what is no
            dict of lists of pairs.
    """

    def __init__(self, observations: Mapping[str, Iterable[Observation]] | None = None) -> None:
        self._bins: dict[str, list[Bin]] = {}
        mend = "give a dict of each specialist's pairs of stated confidence and whether it was right"
        for specialist, stated, right in pairs_in(observations, mend):
            self.add(specialist, stated, right)

    def add(self, specialist: str, stated: float, right: bool) -> None:
        """Take one observation down.

        Raises:
            ConfigurationError: for a confidence outside of 0..1, or an outcome that is not True or False.
        """
        if not is_share(stated):
            raise ConfigurationError("stated", stated, "give the stated confidence, a number from 0 to 1")
        if not isinstance(right, bool):
            raise ConfigurationError("right", right, "give True or False")
        bins = self._bins.setdefault(specialist, [Bin()] * BINS)
        place = bin_of(stated)
        before = bins[place]
        bins[place] = Bin(before.seen + 1, before.stated + float(stated), before.right + right)

    def count(self, specialist: str) -> int:
        """Observations of this specialist."""
        return sum(one.seen for one in self._bins.get(specialist, ()))

    def calibrated(self, specialist: str, stated: float) -> float:
        """How often this specialist was right when it stated such a confidence, 0..1."""
        return calibrated(stated, self._bins.get(specialist, ()))

    def save(self, path: str | Path) -> None:
        """Write it as JSON, in place of what is there. Blocks."""
        save_record(path, self._bins)

    @classmethod
    def load(cls, path: str | Path) -> TrackRecord:
        """Read what `save` has written. Blocks.

        Raises:
            ConfigurationError: when the file holds something else.
            OSError: when it cannot be read.
        """
        record = cls()
        record._bins = load_record(path, "TrackRecord", _bins_by_name)
        return record


def _bins_by_name(stored: Any) -> dict[str, list[Bin]]:
    return {name: _bins_in(bins) for name, bins in stored.items()}


def _bins_in(stored: Any) -> list[Bin]:
    bins = [Bin(*one) for one in stored]
    if len(bins) != BINS or not all(_is_possible(one) for one in bins):
        raise ValueError(f"a specialist has {BINS} bins of seen, stated and right")
    return bins


def _is_possible(one: Bin) -> bool:
    whole = all(isinstance(count, int) and not isinstance(count, bool) for count in (one.seen, one.right))
    number = isinstance(one.stated, (int, float)) and not isinstance(one.stated, bool)
    return whole and number and 0 <= one.right <= one.seen and 0 <= one.stated <= one.seen
