"""What a model reads of a workflow that it has called as a tool."""

from __future__ import annotations

import json
from typing import Any

from langgraph_quorum.nodes.checking.quality import measured_quality
from langgraph_quorum.state.workflow import QuorumOutput

CONTENT_CHARS = 8000
"""The model is given no more of a result than this; the rest is in the artifact."""
LISTED = 10
"""The model is told of no more failed branches, and of no more findings, than this."""
LINE_CHARS = 160
"""Of the reason of one failed branch, and of one finding."""


def briefly(output: QuorumOutput) -> str:
    """The output as JSON of at most `CONTENT_CHARS` characters, without what only programs need."""
    quality = measured_quality(output)
    reasons = {name: output["branches"][name]["reason"] for name in output["failed"] if name in output["branches"]}
    findings = [f"{finding['severity']}: {finding['message']}" for finding in output["findings"]]
    told = {
        "status": output["status"],
        **({} if quality is None else {"quality": round(quality, 3)}),
        **_some("failed", [f"{name}: {reason}" for name, reason in reasons.items()]),
        **_some("findings", findings),
    }
    result = _text(output["result"])
    room = CONTENT_CHARS - len(_text({**told, "result_begins": "", "result_characters": len(result)}))
    if len(result) <= room:
        return _text({**told, "result": output["result"]})
    begins = result[: room // 2]  # JSON within JSON: each character may need a backslash
    return _text({**told, "result_begins": begins, "result_characters": len(result)})


def _some(name: str, lines: list[str]) -> dict[str, Any]:
    short = [_on_one_line(line)[:LINE_CHARS] for line in lines[:LISTED]]
    more = {f"more_{name}": len(lines) - LISTED} if len(lines) > LISTED else {}
    return {name: short, **more} if lines else {}


def _on_one_line(text: str) -> str:
    """Without control characters, such as those of a coloured message: in JSON each would take six."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
