"""The disk of the database is full for a while."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SMALL_DISK = 'mount -t tmpfs -o size=300m tmpfs "$1" && exec "$0" -m tests.outages.full_disk "$1"'
"""Seen by this process only, and gone with it."""


@pytest.mark.slow
@pytest.mark.skipif(
    sys.platform != "linux" or os.geteuid() != 0, reason="an embedded server on a disk of its own takes Linux and root"
)
def test_runs_end_or_fail_on_a_full_disk_and_can_be_taken_up_once_there_is_room(empty_server_folder: Path) -> None:
    disk = empty_server_folder.parent
    command = ["unshare", "--mount", "sh", "-ec", SMALL_DISK, sys.executable, str(disk)]
    done = subprocess.run(command, capture_output=True, cwd=ROOT, timeout=100, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for error in done.stdout.splitlines():
        assert "the disk of the database is full: make room on it" in error
