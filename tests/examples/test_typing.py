"""The examples hold to what a strict type checker asks of the people who copy them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.packaging.installing import ROOT

EXAMPLES = ROOT / "examples"


@pytest.mark.slow
def test_the_examples_pass_a_strict_type_checker() -> None:
    # Run where the app's own `state`, `nodes` and `graphs` are found, not the folders of this checkout.
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--cache-dir", ROOT / ".mypy_cache", "--strict", ".", "../existing_graph"],
        cwd=EXAMPLES / "agent_app",
        env={**os.environ, "MYPYPATH": str(ROOT / ".editable")},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
