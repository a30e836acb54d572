"""Receive webhooks: POST /hook keeps an event, GET /events tells them all.

An event that comes twice is kept once: whoever sends it tries again until it is told that it has arrived.
"""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MAX_BYTES = 1024 * 1024

#: By task and kind.
events: dict[tuple[str, str], dict[str, Any]] = {}


class Receiver(BaseHTTPRequestHandler):
    """One request."""

    timeout = 10

    def do_POST(self) -> None:
        """Keep an event, and only then say that it has arrived."""
        length = int(self.headers.get("Content-Length", 0))
        if self.path != "/hook" or length > MAX_BYTES:
            self.answer(404 if length <= MAX_BYTES else 413)
            return
        try:
            event = json.loads(self.rfile.read(length))
            task = event["payload"]["task"]
            events[task["task_id"], event["event_type"]] = event
        except (ValueError, KeyError, TypeError):
            self.answer(400)
            return
        print(f"{task['task_id']}  {event['event_type']} {task['status']}", flush=True)
        self.answer(200)

    def do_GET(self) -> None:
        """All events, as JSON."""
        self.answer(200 if self.path == "/events" else 404, list(events.values()))

    def answer(self, status: int, content: object = None) -> None:
        """Send a status, and something as JSON."""
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: each event has a line of its own."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("", int(os.environ.get("PORT", "8000"))), Receiver)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)
