"""Many seeds, or one to look at.

python -m tests.schedules --seeds 1000000 --jobs 2     a long campaign
python -m tests.schedules --seed 123                   replay one, with all that happened
python -m tests.schedules --seed 123 --thorough        the same run, with a crash at every single step
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.schedules.campaign import Report, complaint, played, plays_of
from tests.schedules.driver import Played
from tests.schedules.judging import findings

CHUNK = 500


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.schedules", description="Random schedules, judged.")
    parser.add_argument("--seeds", type=int, default=10_000, help="how many")
    parser.add_argument("--from", type=int, default=0, dest="first", help="the first of them")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--seed", type=int, help="replay this one and print what happened")
    parser.add_argument("--thorough", action="store_true", help="crash at every step of every undisturbed run, too")
    asked = parser.parse_args()
    if asked.seed is not None:
        return _replay(asked.seed, thorough=asked.thorough)
    return _campaign(asked)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _campaign(asked: argparse.Namespace) -> int:
    began, report, last = time.monotonic(), Report(), asked.first + asked.seeds
    chunks = [(first, min(first + CHUNK, last), asked.thorough) for first in range(asked.first, last, CHUNK)]
    for done in _reports(chunks, asked.jobs):
        for seed, found in done.failures.items():
            _say(complaint(seed, found))
        report.add(done)
        pace = report.seeds / (time.monotonic() - began)
        _say(f"{report.seeds}/{asked.seeds} seeds, {pace:.0f}/s, {len(report.failures)} failures")
    for name, count in sorted(report.counts.items()):
        _say(f"{count:12}  {name}")
    return 1 if report.failures else 0


def _reports(chunks: list[tuple[int, int, bool]], jobs: int) -> Iterator[Report]:
    if jobs == 1:
        yield from map(_chunk, chunks)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(_chunk, chunks)


def _chunk(asked: tuple[int, int, bool]) -> Report:
    first, end, thorough = asked
    return played(range(first, end), thorough=thorough)


def _replay(seed: int, *, thorough: bool) -> int:
    wrong = False
    for number, one in enumerate(plays_of(seed, thorough=thorough)):
        found = findings(one)
        if number < 2 or found:
            _show(one)
        for sentence in found:
            _say(f"WRONG: {sentence}")
        wrong = wrong or bool(found)
        if wrong:
            break
    _say("wrong" if wrong else "all as it should be")
    return int(wrong)


def _show(one: Played) -> None:
    scenario = one.scenario
    _say(f"--- seed {scenario.seed}, {one.steps} steps, {list(scenario.disturbances) or 'undisturbed'}")
    for policy in scenario.points.policies.values():
        _say(f"    {policy}")
    for settings in scenario.specialists:
        _say(f"    {settings}")
    for item in scenario.queue:
        _say(f"    {item} counted by {scenario.points_of[item['branch_id']]}: {scenario.acts[item['branch_id']]}")
    for event in one.journal.events:
        if event.kind not in {"quiet", "limit"}:
            _say(f"{event.at:10.3f} {event.sitting:3} {event.kind:8} {event.name:6} {_told(event.data)}")


def _told(data: object) -> str:
    if isinstance(data, dict) and "status" in data:
        return f"{data['status']}: {data['reason']} ({data['attempts']} attempts) {data['result'] or ''}"
    if isinstance(data, dict):
        return ", ".join(f"{name}: {_told(value)}" for name, value in data.items())
    return "" if data is None else str(data)[:300]


if __name__ == "__main__":
    sys.exit(main())
