"""`python -m benchmarks.merge_quality`, with another number of seeds if wanted."""

from __future__ import annotations

import argparse

from benchmarks import merge_quality

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.merge_quality", description=merge_quality.__doc__)
    parser.add_argument("--seeds", type=int, default=merge_quality.SEEDS, help="random splits of each set")
    merge_quality.measure(parser.parse_args().seeds)
