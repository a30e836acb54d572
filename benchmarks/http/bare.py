"""The least that a server under uvicorn can do: read the body, and answer bytes that stand fixed.

    python benchmarks/http/bare.py REPLY_FILE [PORT]

Prints its port. What our server does beside this is what it costs.
"""

import socket
import sys
from pathlib import Path

import uvicorn

REPLY = Path(sys.argv[1]).read_bytes()
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(REPLY)).encode())]


async def app(scope, receive, send):
    """Answer anything."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": REPLY})


if __name__ == "__main__":
    listening = socket.create_server(("127.0.0.1", int((*sys.argv, 0)[2])), backlog=2048)
    print(listening.getsockname()[1], flush=True)
    config = uvicorn.Config(
        app, http="httptools", loop="uvloop", lifespan="off", access_log=False, log_level="warning"
    )
    uvicorn.Server(config).run(sockets=[listening])
