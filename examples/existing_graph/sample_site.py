"""A web site to try the digest on: the sample documents, and `slow`, which takes a minute."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

DOCUMENTS = Path(__file__).resolve().parents[1] / "documents"


@contextmanager
def sample_site() -> Iterator[str]:
    """Serve on a free port of this machine, and give the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Site, directory=str(DOCUMENTS))) as server:
        threading.Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()


class _Site(SimpleHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/slow":
            with suppress(ConnectionError):  # whoever asked may go
                self._drip()
        else:
            super().do_GET()

    def _drip(self) -> None:
        """A word each second, so that no limit on waiting for the next byte ever strikes."""
        self.send_response(200)
        self.end_headers()
        for _ in range(60):
            self.wfile.write(b"word ")
            time.sleep(1)

    def log_message(self, *_: Any) -> None:
        """Keep the terminal for the digest."""
