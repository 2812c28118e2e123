"""What every outage test needs."""

from __future__ import annotations

import logging

import pytest


@pytest.fixture(autouse=True)
def forgetful_log(caplog: pytest.LogCaptureFixture) -> None:
    """pytest keeps what is logged, and with an error all that its traceback holds: then nothing would ever be gone."""
    caplog.set_level(logging.CRITICAL, logger="psycopg")
    caplog.set_level(logging.CRITICAL, logger="langgraph_quorum")
