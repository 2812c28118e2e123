"""What the specialist itself reports, as far as its track record bears it out."""

from __future__ import annotations

from typing import Any

from langgraph_quorum.nodes.scoring.quality import quality
from langgraph_quorum.nodes.scoring.scorer import Measure
from langgraph_quorum.nodes.scoring.stated import stated_confidence, without_confidence
from langgraph_quorum.nodes.scoring.track_record import TrackRecord
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.bounds import is_whole, require
from langgraph_quorum.state.branch import Branch
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.records import Quality


def reported(record: TrackRecord | None = None, at_least: int = 30) -> Measure:
    """A scorer: the result's own `confidence`, brought to how often the specialist was right when it said so.

    The track record is read when a result is scored, so it may grow during a run. A specialist with too few
    observations is taken at its word, and the evidence says that it is not calibrated.

    Args:
        record: The specialists' track records; None takes all at their word.
        at_least: Observations that a specialist needs, from 1.

    Raises:
        ConfigurationError: naming the argument that is wrong.
    """
    if record is not None and not isinstance(record, TrackRecord):
        raise ConfigurationError("record", record, "give a TrackRecord")
    require(ConfigurationError, "at_least", at_least, lambda x: x >= 1 and is_whole(x), "give a whole number from 1")

    def of(specialist: Specialist | None, branch: Branch, result: Any) -> Quality:
        stated = stated_confidence(result)
        if stated is None:
            return without_confidence(result)
        name = branch.branch_id if specialist is None else specialist.name
        line = f"it states a confidence of {stated:.2f}"
        seen = 0 if record is None else record.count(name)
        if record is None or seen < at_least:
            return quality(stated, [f"{line}, not calibrated: {seen} of {at_least} observations"], confidence=stated)
        found = record.calibrated(name, stated)
        return quality(found, [f"{line}, by its {seen} observations worth {found:.2f}"], confidence=found)

    return Measure("reported", of)
