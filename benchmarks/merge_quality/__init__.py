"""`python -m benchmarks.merge_quality`: what merging is worth, on scikit-learn's digits, wine and breast cancer.

Eight specialists of unequal strength label the test part of each set: six are learned from little of the training part
and some of its features, two tell the truth only now and then and otherwise the next class; two leave out three answers
in ten. What is known of a specialist is what it did on a calibration part, which neither it nor the test part has seen:
its accuracy there, how often it was right when it stated such a confidence (`TrackRecord`), and which label it gave
when which was true (`LabelRecord`). Nothing is chosen by what comes out on the test part, but for the specialists that
strategies are held against:

- best by calibration: what a user can do without merging.
- best over all seeds: the kind of specialist that is best on average, known afterwards.
- best of each seed by half the test: as if that many more labels were there to choose by; the other half is counted.
- best of each seed by the test itself: nobody can choose so. The best of eight that are counted on the same items looks
  better than it is, so this is for information.

What is lost by cutting stragglers is counted twice: where one run labels all items, and where each item is a run.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks.measuring import table
from benchmarks.merge_quality.coverage import cases, coverage_row
from benchmarks.merge_quality.crew import SETS
from benchmarks.merge_quality.outcome import outcome
from benchmarks.merge_quality.tables import cut_rows, quality_rows

SEEDS = 200
FIRST_SEED = 2000
"""Those below were looked at while this was written."""


def measure(seeds: int = SEEDS, first: int = FIRST_SEED) -> None:
    """Measure, on as many processes as there are cores, and print."""
    drawn = range(first, first + seeds)
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        running = {name: [pool.submit(outcome, name, seed) for seed in drawn] for name in SETS}
        covered = [pool.submit(coverage_row, *case) for case in cases()]
        for name, futures in running.items():
            outcomes = [future.result() for future in futures]
            split = f"seeds {first} to {first + seeds - 1}"
            print(table(f"{name}, {split}", quality_rows(outcomes)) + "\n", flush=True)
            rows = cut_rows([one.cuts for one in outcomes])
            print(table(f"{name}, stragglers cut, one run for all items", rows) + "\n", flush=True)
            rows = cut_rows([one.asked for one in outcomes])
            print(table(f"{name}, stragglers cut, a run for each item", rows) + "\n", flush=True)
        print(table("intervals", [future.result() for future in covered]), flush=True)
