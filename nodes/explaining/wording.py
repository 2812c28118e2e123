"""The text of an explanation: titles with lines, long lists summed up."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from langgraph_quorum.nodes.explaining.own_weights import has_own
from langgraph_quorum.state.artifacts import is_reference
from langgraph_quorum.state.words import counted

_NAMES = 5
_VALUE = 80
_LINE = 400
_WORTH_TELLING_S = 0.1
_SEVERITY = ("critical", "error", "warning", "info")

T = TypeVar("T")


class Section(NamedTuple):
    """A title with its lines. A line that begins with two spaces says more about the one before it."""

    title: str
    lines: list[str]


def sections(told: Mapping[str, Any], most: int) -> list[Section]:
    """An explanation's parts in reading order, without those that are empty.

    Args:
        told: `Explanation.as_json()`.
        most: Lines of one kind at most.
    """
    parts = [
        Section("Open questions", _some(told["questions"], most, str)),
        Section("Why it went on", [line for point in _ends(told["points"], most) for line in _point(point, most)]),
        Section("How the results were made one", _some(told["merging"], most, str)),
        Section(_weights_title(told), _weights(told["weights"], most)),
        Section("Where specialists disagreed", _some(told["disagreements"], most, _disagreement)),
        Section("What was tried again", [*_ends(told["rounds"], most), *_again(told["again"], most)]),
        Section("The verdict", _verdict(told, most)),
        Section("What humans decided", _some(told["answers"], most, _answer)),
        Section("What it took", _spent(told["spent"], most)),
        Section("Left out", _left_out(told["left_out"], most)),
    ]
    return [part for part in parts if part.lines]


def text_of(parts: Iterable[Section]) -> str:
    """The parts as text, each line behind a dash."""
    blocks = []
    for title, lines in parts:
        shown = [f"      {line.strip()}" if line.startswith("  ") else f"  - {line}" for line in lines]
        blocks.append("\n".join([title, *shown]))
    return "\n\n".join(blocks)


def spelled(value: Any, room: int = _VALUE) -> str:
    """A value on one line, cut where it is longer; what is kept as an artifact by its size."""
    if is_reference(value):
        return f"({value['size_bytes']} bytes, kept as an artifact)"
    return _short(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str), room)


def after_waiting(seconds: float) -> str:
    """What is said beside a running time of the wait for a turn; "" where that was next to nothing."""
    return f", after {seconds:.2f} s of waiting for a turn" if seconds >= _WORTH_TELLING_S else ""


def named(names: Sequence[str], most: int = _NAMES) -> str:
    """The first of the names, and how many more."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _short(text: str, room: int = _LINE) -> str:
    line = " ".join(text.split())
    return line if len(line) <= room else f"{line[: room - 3]}..."


def _some(items: Sequence[T], most: int, shown: Callable[[T], str]) -> list[str]:
    lines = [_short(shown(item)) for item in items[:most]]
    return [*lines, f"and {len(items) - most} more"] if len(items) > most else lines


def _ends(items: Sequence[T], most: int) -> Sequence[T]:
    """The first and the last of many things that happened one after the other."""
    half = max(1, most // 2)
    return items if len(items) <= most else [*items[:half], *items[-half:]]


def _point(point: Mapping[str, Any], most: int) -> Iterator[str]:
    decision = point["decision"]
    at = f" at {point['at'][11:19]} UTC" if point["at"] else ""
    yield (
        f"{decision['point']}, round {decision['round']}: {decision['status']} ({decision['reason']}){at}:"
        f" {point['words']}; progress {decision['progress']:.0%}, threshold {decision['threshold']:.0%}"
    )
    if decision["excused"]:
        yield f"  excused: {named(decision['excused'])}"
    left = point["left"]
    if len(left) <= most:
        for one in left:
            yield f"  {_short(_left(one))}"
        return
    together: dict[tuple[str, str], list[str]] = {}
    for one in left:
        together.setdefault((one["status"] or "not known", one["doing"].partition(";")[0]), []).append(one["branch_id"])
    for (status, doing), names in list(together.items())[:most]:
        yield f"  {len(names)} {status}: {_short(doing)}: {named(names)}"
    if len(together) > most:
        rest = list(together.values())[most:]
        yield f"  and {sum(map(len, rest))} more, for {counted(len(rest), 'other reason')}"


def _left(one: Mapping[str, Any]) -> str:
    who = (
        one["branch_id"] if one["specialist"] in ("", one["branch_id"]) else f"{one['branch_id']} ({one['specialist']})"
    )
    return f"{who}{' ' + one['status'] if one['status'] else ''}: {one['doing']}"


def _weights_title(told: Mapping[str, Any]) -> str:
    policy = told["weighing"]
    if policy is None:
        return "How each weight came about (the weight policy is not stored)"
    if has_own([one["row"] for one in told["weights"]]):
        return "How each weight came about (the strategy has weights of its own)"
    return (
        f"How each weight came about ({policy['quality_share']:g} x quality + {policy['speed_share']:g} x"
        f" 1/(1 + seconds/{policy['halving_s']:g}), made to sum to 1)"
    )


def _weights(weights: Sequence[Mapping[str, Any]], most: int) -> list[str]:
    lines: list[str] = []
    for one in weights[:most]:
        row = one["row"]
        assumed = ", quality assumed" if row["quality_assumed"] else ""
        raw = f"raw weight {row['raw_weight']:.4f}, quality {row['quality']:.4f}{assumed}"
        lines.append(f"{row['branch_id']} weighs {row['weight']:.1%}: {one['arithmetic'] or raw}")
        lines += [f"  {_short(line)}" for line in one["rests_on"][:most]]
    if len(weights) > most:
        rest = [one["row"] for one in weights[most:]]
        assumed = sum([row["quality_assumed"] for row in rest])
        share = math.fsum(row["weight"] for row in rest)
        said = f", {assumed} of them with an assumed quality" if assumed else ""
        lines.append(f"and {len(rest)} more, together {share:.1%} of the weight{said}")
    return lines


def _disagreement(one: Mapping[str, Any]) -> str:
    sides = "; against it ".join([_side(one["taken"]), *(_side(side) for side in one["against"][:_NAMES])])
    return f"{one['field'] or 'the whole'}: taken {sides}"


def _side(side: Mapping[str, Any]) -> str:
    share = "" if side["share"] is None else f" with {side['share']:.0%}"
    who = f" by {named(side['branches'])}" if side["branches"] else ""
    return f"{spelled(side['value'])}{share}{who}"


def _again(again: Sequence[Mapping[str, Any]], most: int) -> list[str]:
    lines = []
    for one in again[:most]:
        parts = [*one["ways"], one["came_to"]]
        lines.append(f"{one['branch_id']}: {_short('; '.join(part for part in parts if part))}")
        lines += [f"  it was told: {_short(finding)}" for finding in one["guidance"][:_NAMES]]
    if len(again) > most:
        helped = sum([one["came_to"].startswith("it helped") for one in again[most:]])
        lines.append(f"and {len(again) - most} more, which helped {helped} of them")
    return lines


def _verdict(told: Mapping[str, Any], most: int) -> list[str]:
    if told["verdict"] is None and not told["findings"] and not told["why"]:
        return []
    lines = [_short(f"{told['verdict'] or 'none'}: {told['why'] or 'no reason is stored'}")]
    found = sorted(told["findings"], key=lambda one: _SEVERITY.index(one["severity"]))
    return [*lines, *_some(found, most, _finding)]


def _finding(finding: Mapping[str, Any]) -> str:
    where = f" [{finding['field']}]" if finding.get("field") else ""
    who = f" ({named(finding['branches'])})" if finding["branches"] else ""
    return f"{finding['severity']}, {finding['check']}{where}: {finding['message']}{who}"


def _answer(answer: Mapping[str, Any]) -> str:
    return f"{answer['at'][:19].replace('T', ' ')} UTC, {answer['decision'].replace('_', ' ')}: {answer['words']}"


def _spent(spent: Mapping[str, Any] | None, most: int) -> list[str]:
    if spent is None:
        return []
    judging = f", {spent['measuring']:g} of it to judge results" if spent["measuring"] else ""
    cost = f"cost {spent['cost']:g}{judging}" if spent["cost"] else "no cost was reported"
    whole = (
        f"{counted(spent['attempts'], 'attempt')}, {spent['seconds']:.2f} s in fan-outs,"
        f" {counted(spent['rounds'], 'redistribution')}, {cost}"
    )
    return [whole, *_some(spent["specialists"], most, _specialist)]


def _specialist(one: Mapping[str, Any]) -> str:
    cost = "" if one["cost"] is None else f", cost {one['cost']:g}"
    return (
        f"{one['specialist']}: {one['succeeded']} of {counted(one['branches'], 'branch', 'branches')} succeeded,"
        f" {counted(one['attempts'], 'attempt')}, {one['seconds']:.2f} s{after_waiting(one['waited_s'])}{cost}"
    )


def _left_out(omitted: Sequence[Mapping[str, Any]], most: int) -> list[str]:
    """By reason, those together that share one."""
    together: dict[str, list[str]] = {}
    for one in omitted:
        what = f"{one['branch_id']}.{one['field']}" if one["field"] else one["branch_id"]
        together.setdefault(one["why"], []).append(what)
    return _some(list(together.items()), most, lambda row: f"{named(row[1])}: {row[0]}")
