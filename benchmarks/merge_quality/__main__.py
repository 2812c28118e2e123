"""`python -m benchmarks.merge_quality`, with other seeds if wanted."""

from __future__ import annotations

import argparse

from benchmarks import merge_quality

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.merge_quality", description=merge_quality.__doc__)
    parser.add_argument("--seeds", type=int, default=merge_quality.SEEDS, help="random splits of each set")
    parser.add_argument("--first", type=int, default=merge_quality.FIRST_SEED, help="the seed of the first split")
    given = parser.parse_args()
    merge_quality.measure(given.seeds, given.first)
