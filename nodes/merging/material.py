"""What a model is shown of results: heaviest first, as much as there is room for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from langgraph_quorum.nodes.merging.scored import Scored

LEAST_ROOM = 500
"""Characters that each result has at least, when there is room for all of them in the whole."""


@dataclass(frozen=True, slots=True)
class Material:
    """Results as a model reads them.

    Attributes:
        text: One JSON object a line.
        ids: Branch ids, by the id as the model sees it: without brackets and line breaks.
        left_out: Branches for which there was no room.
        shortened: Branches whose result is cut.
    """

    text: str
    ids: dict[str, str]
    left_out: list[str]
    shortened: list[str]

    @classmethod
    def of(cls, results: Sequence[Scored], weights: Mapping[str, float], max_chars: int) -> Material:
        """Show results up to the first that finds no room, each within its part of it.

        Args:
            results: At least one, those first that matter most.
            weights: Of each branch.
            max_chars: Of all results together, as JSON, from 1.
        """
        part = min(max_chars, max(LEAST_ROOM, max_chars // len(results)))
        ids: dict[str, str] = {}
        lines: list[str] = []
        cut: list[str] = []
        room = max_chars
        for result in results:
            value = json.dumps(result.value, ensure_ascii=False, sort_keys=True, default=str)
            if lines and min(len(value), part) > room:
                break
            name = _free(result.branch_id, ids)
            ids[name] = result.branch_id
            head = f'"branch": {json.dumps(name, ensure_ascii=False)}, "weight": {weights[result.branch_id]:.3f}'
            if len(value) > part:
                cut.append(result.branch_id)
                lines.append(f'{{{head}, "beginning of result": {json.dumps(value[:part], ensure_ascii=False)}}}')
            else:
                lines.append(f'{{{head}, "result": {value}}}')
            room -= min(len(value), part)
        left_out = sorted(result.branch_id for result in results[len(lines) :])
        return cls("\n".join(lines), ids, left_out, sorted(cut))


def _free(branch_id: str, taken: Mapping[str, str]) -> str:
    """The id as it can stand in square brackets, unlike all that are taken."""
    name = wanted = " ".join(branch_id.replace("[", "(").replace("]", ")").split()) or "_"
    number = 2
    while name in taken:
        name, number = f"{wanted} #{number}", number + 1
    return name
