"""Three specialists of which one may ask."""

from __future__ import annotations

from collections import Counter
from typing import Any

from langgraph.types import interrupt

from langgraph_quorum import Branch, Specialist, build_workflow
from langgraph_quorum.graphs.workflow import QuorumBuilder
from tests.graphs.running import Crew


class Trio(Crew):
    """Two specialists that answer, and one that may ask first."""

    def workflow(self, *, asks: bool = False) -> QuorumBuilder:
        async def third(branch: Branch) -> dict[str, Any]:
            answer = interrupt("may I?") if asks else "unasked"
            self._note(branch)
            return {"answer": answer, "confidence": 0.9}

        specialists = [self.scores("a", 0.9), self.scores("b", 0.8), Specialist("c", third)]
        return build_workflow(specialists, merge="merge_all", mode="parallel")

    def since(self, earlier: Counter[str]) -> dict[str, int]:
        """Whose work was done since then, and how often."""
        return dict(self.calls - earlier)
