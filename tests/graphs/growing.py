"""Specialists whose results ask for further branches, and workflows that let them."""

from __future__ import annotations

import asyncio
from typing import Any

from langgraph_quorum import Answer, Branch, Specialist, build_workflow
from langgraph_quorum.graphs.workflow import Tuning
from langgraph_quorum.state.policies import Policies
from tests.graphs.running import FIXED, PATIENT, Crew

Work = Any


class Crawler(Crew):
    """Specialists whose results ask for further branches."""

    def grows(self, name: str, work: dict[str, Work], seconds: float = 1, **settings: Any) -> Specialist:
        """Asks for the further branches that are noted for a branch."""

        async def run(branch: Branch) -> Answer:
            self._note(branch)
            await asyncio.sleep(seconds)
            return Answer({"by": name, "inputs": branch.inputs}, work=work.get(branch.branch_id, []))

        return Specialist(name, run, **settings)


def growing(*specialists: Specialist, saver: Any = None, sync: Any = PATIENT, **policies: Any) -> Any:
    """The compiled workflow."""
    tuning = Tuning(policies=Policies(**policies))
    return build_workflow(specialists, sync, "merge_all", "parallel", tuning).compile(checkpointer=saver)


async def grown(*specialists: Specialist, work: Work, **settings: Any) -> dict[str, Any]:
    result: dict[str, Any] = await growing(*specialists, **settings).ainvoke({"task": "x", "work": work}, context=FIXED)
    return result


def item(branch_id: str, specialist: str = "s", **fields: Any) -> dict[str, Any]:
    return {"branch_id": branch_id, "specialist": specialist, **fields}
