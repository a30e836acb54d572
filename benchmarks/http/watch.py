"""Polls a server every few milliseconds while others keep it busy, and tells how long each poll took.

    python benchmarks/http/watch.py PORT REQUEST_FILE EVERY_MS SECONDS

Prints a line of JSON: polls, and milliseconds at the median, at the 99th percentile, and of the longest.
What a poll waits for is the server's loop: the longest is how long it was blocked, at most.
"""

import json
import socket
import sys
import time
from pathlib import Path

import packs


def watched(port: int, request: bytes, every_s: float, seconds: float) -> list[float]:
    """Milliseconds of each poll, sorted; the next one goes so long after a reply."""
    taken = []
    until = time.perf_counter() + seconds
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while time.perf_counter() < until:
            began = time.perf_counter()
            connection.sendall(request)
            connection.recv(1 << 16)
            taken.append((time.perf_counter() - began) * 1000)
            time.sleep(every_s)
    return sorted(taken)


if __name__ == "__main__":
    port, file, every_ms, seconds = sys.argv[1:]
    ((poll,),) = packs.read(Path(file))
    found = watched(int(port), poll, float(every_ms) / 1000, float(seconds))
    told = {
        "polls": len(found),
        "p50_ms": found[len(found) // 2],
        "p99_ms": found[int(len(found) * 0.99)],
        "max_ms": found[-1],
    }
    print(json.dumps(told))
