"""What a human reads before answering, in markdown: quality, what is unmet, who disagrees, who failed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from langgraph_quorum.nodes.journal import SHOWN
from langgraph_quorum.nodes.reviewing.answers import Kind
from langgraph_quorum.nodes.reviewing.disagreement import Disagreement, Side
from langgraph_quorum.state.merged import Attribution, CheckFinding, Merged
from langgraph_quorum.state.records import BranchRecord
from langgraph_quorum.state.words import counted
from langgraph_quorum.state.workflow import QuorumState

_ROWS = 20
"""Of each list at most; the question's figures hold `SHOWN`, and the state all."""
_VALUE = 80
"""Characters of a value."""

_HOW: dict[Kind, str] = {
    "approve": "`approve`",
    "edit": '`{"type": "edit", "value": ...}` with the result as it is to be',
    "pick": "`pick: branch`, whose result is then the result",
    "retry": '`{"type": "retry", "branches": [...], "message": "..."}` to do them once more, guided by the message',
    "reject": "`reject: why`",
}


def summary(
    title: str,
    merged: Merged | None,
    *,
    task: str,
    findings: Sequence[CheckFinding] | None,
    sides: Sequence[Disagreement],
    branches: Mapping[str, BranchRecord],
    missing: Mapping[str, str],
    not_taken: Mapping[str, str] | None = None,
) -> str:
    """The summary, without what may be answered.

    Args:
        title: The question.
        merged: The result; None before there is one.
        task: What the run is to do; "" where nobody has said.
        findings: What the validator found wanting; None before it has looked.
        sides: Where specialists disagree.
        branches: By id; listed where nothing is merged yet.
        missing: By branch without a result, why.
        not_taken: By branch that was done once more and whose earlier result stands, why.
    """
    parts = [f"## {title}", f"Task: {text(task)}" * bool(task)]
    if merged is None:
        parts.append(_table(("branch", "status", "quality", "why"), _standing(branches)))
    else:
        parts.append(_quality(merged))
        parts.append("All targets are met." * (findings == []))
        parts.append(_listed("Not met", [f"{one['severity']}: {text(one['message'])}" for one in findings or ()]))
        parts.append(_listed("Worth a look", [text(why) for why in merged.get("review", [])]))
        parts.append(_headed("Where specialists disagree", ("field", "taken", "against"), _disagreeing(sides)))
        parts.append(
            _headed("Who the result rests on", ("branch", "weight", "quality"), _weights(merged["attribution"]))
        )
    kept = not_taken or {}
    parts.append(_listed("Done once more, and not taken", [f"{name}: {text(why)}" for name, why in kept.items()]))
    parts.append(_listed("Without a result", [f"{name}: {text(why)}" for name, why in missing.items()]))
    return "\n\n".join(part for part in parts if part)


def answers(allowed: Sequence[Kind], expires_at: str | None, on_expiry: str) -> str:
    """What may be answered, and what happens when nobody does."""
    lines = [f"- {_HOW[kind]}" for kind in _HOW if kind in allowed]
    until = [f"\nUnanswered until {_moment(expires_at)}: {on_expiry}."] if expires_at else []
    return "\n".join(["**Answers**", "", *lines, *until])


def _moment(written: str) -> str:
    return datetime.fromisoformat(written).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def missing_of(branches: Mapping[str, BranchRecord], names: Iterable[str]) -> dict[str, str]:
    """Why these branches have no result: the first `SHOWN` of them."""
    found: dict[str, str] = {}
    for name in islice(names, SHOWN):
        record = branches.get(name)
        found[name] = "never ran" if record is None else f"{record['status']}, {record['reason']}"
    return found


def not_taken(state: QuorumState) -> dict[str, str]:
    """Why branches that were done once more in this round have kept their earlier result: the first `SHOWN` of them."""
    found: dict[str, str] = {}
    this = f"{state.get('workflow_id', '')}/{state['round']}/"
    for line in state["timeline"]:
        data = line.get("data", {})
        if not line["key"].startswith(this):
            continue
        if line["event"] == "branch_kept":
            found[data["branch_id"]] = line["why"]
        elif line["event"] in ("revised", "revision_dropped"):
            found |= {name: f"{line['why']} ({one['why']})" for name, one in data["branches"].items() if one["dropped"]}
    return dict(islice(found.items(), SHOWN))


def shown(value: Any) -> str:
    """A value on one line, cut where it is long."""
    spelt = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text(spelt, _VALUE)


def text(words: str, limit: int = 400) -> str:
    """Words on one line."""
    line = " ".join(words.split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"


def _quality(merged: Merged) -> str:
    low, high = merged["confidence_interval"]
    total = merged["sources_count"] + len(merged["failed"])
    return (
        f"Quality {merged['quality']:.2f}, 95 % interval {low:.2f} to {high:.2f} ({merged['interval_method']}). "
        f"{merged['sources_count']} of {counted(total, 'branch', 'branches')} gave a result, merged by"
        f" `{merged['strategy']}`."
    )


def _standing(branches: Mapping[str, BranchRecord]) -> list[tuple[str, ...]]:
    shown = islice(branches.items(), SHOWN)
    return [(name, one["status"], _measured(one), text(one["reason"], _VALUE)) for name, one in shown]


def _measured(record: BranchRecord) -> str:
    score = None if record["quality"] is None else record["quality"]["score"]
    return "-" if score is None else f"{score:.2f}"


def _disagreeing(sides: Sequence[Disagreement]) -> list[tuple[str, ...]]:
    return [
        (one["field"] or "(all of it)", side(one["taken"]), "<br>".join(side(other) for other in one["against"]))
        for one in sides
    ]


def side(one: Side) -> str:
    """`42 (70 %: a, b)`."""
    share = "" if one["share"] is None else f"{one['share']:.0%}"
    names = ", ".join(one["branches"][:_ROWS])
    who = ": ".join(part for part in (share, names) if part)
    return f"{shown(one['value'])} ({who})" if who else shown(one["value"])


def _weights(rows: Sequence[Attribution]) -> list[tuple[str, ...]]:
    return [
        (row["branch_id"], f"{row['weight']:.0%}", f"{row['quality']:.2f}{' assumed' * row['quality_assumed']}")
        for row in rows[:SHOWN]
    ]


def _listed(title: str, lines: Sequence[str]) -> str:
    if not lines:
        return ""
    rest = ["- and more"] if len(lines) > _ROWS else []
    return "\n".join([f"**{title}**", "", *(f"- {line}" for line in lines[:_ROWS]), *rest])


def _headed(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return f"**{title}**\n\n{_table(header, rows)}" if rows else ""


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [_row(header), _row(["---"] * len(header)), *(_row(row) for row in rows[:_ROWS])]
    if len(rows) > _ROWS:
        lines.append("\nand more")
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(text(cell).replace("|", "\\|") for cell in cells) + " |"
