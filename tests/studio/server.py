"""Studio's local server, started for the tests and stopped after them."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_S = 60.0
QUIET = {"LANGSMITH_TRACING": "false", "LANGGRAPH_CLI_NO_ANALYTICS": "1"}


@dataclass(frozen=True)
class Studio:
    """A running server: where it answers, and what it has logged so far."""

    address: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def logged(self) -> str:
        return self.log.read_text()


def shipped() -> dict[str, object]:
    """The project's own langgraph.json."""
    settings: dict[str, object] = json.loads((ROOT / "langgraph.json").read_text())
    return settings


@contextmanager
def studio_server(
    folder: Path, settings: Mapping[str, object], environ: Mapping[str, str] | None = None
) -> Iterator[Studio]:
    """The server on this langgraph.json, run from `folder`, where the project's sources seem to be too."""
    (folder / "langgraph.json").write_text(json.dumps(settings))
    (folder / "orchestration").symlink_to(ROOT / "orchestration")
    port = free_port()
    options = ["dev", "--no-browser", "--no-reload", "--host", "127.0.0.1", "--port", str(port)]
    outside = {name: value for name, value in os.environ.items() if not name.startswith("QUORUM_")}
    log = folder / "server.log"
    with log.open("wb") as sink:
        server = subprocess.Popen(
            [sys.executable, "-m", "langgraph_cli", *options],
            cwd=folder,
            env={**outside, **QUIET, **(environ or {})},
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    studio = Studio(f"http://127.0.0.1:{port}", server, log)
    try:
        wait_until_ready(studio)
        yield studio
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(10)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(studio: Studio) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline:
        if studio.process.poll() is not None:
            break
        try:
            if httpx.get(f"{studio.address}/ok", timeout=1).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"the Studio server did not come up:\n{studio.logged[-3000:]}")
