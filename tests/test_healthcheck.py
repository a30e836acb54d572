"""The health check of containers: quick, small, and 0 or 1 whatever it meets."""

import os
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from novita_mock import healthcheck
from typed import Said, Type, typist

PROGRAM = """
import sys
from novita_mock.__main__ import main
try:
    main()
finally:
    print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


@pytest.fixture
def type_command(capsys, monkeypatch) -> Type:
    for name in os.environ:
        if name.startswith("NOVITA_"):
            monkeypatch.delenv(name)
    return typist(capsys)


@pytest.fixture
def stranger() -> Iterator[tuple[str, dict[str, bytes]]]:
    """A server that is no double, and what it answers."""
    script = {"body": b""}

    class Stranger(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(script["body"])

        def log_message(self, format: str, *args: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Stranger) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", script
        server.shutdown()


def test_a_double_that_serves_is_healthy(type_command, url):
    assert type_command(f"healthcheck --url {url}") == Said(0, f"healthy: {url}\n", "")


def test_its_port_is_that_of_the_environment(type_command, url, monkeypatch):
    monkeypatch.setenv("NOVITA_MOCK_HOST", "0.0.0.0")  # noqa: S104 - as in the image; nothing is bound
    monkeypatch.setenv("NOVITA_MOCK_PORT", url.rpartition(":")[2])
    assert type_command("healthcheck").code == 0


def test_a_control_token_is_not_needed(type_command, start):
    client = start(control_token="not-told")
    assert type_command(f"healthcheck --url {client.base_url}").code == 0


def test_nobody_there_is_unhealthy_and_says_so(type_command):
    said = type_command("healthcheck --url http://127.0.0.1:9")
    assert said == Said(1, "", "error: no double answers at http://127.0.0.1:9\n  try: novita-mock serve\n")


def test_silence_is_unhealthy_soon(type_command, monkeypatch):
    monkeypatch.setattr(healthcheck, "TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        said = type_command(f"healthcheck --url http://127.0.0.1:{silent.getsockname()[1]}")
    assert said.code == 1
    assert "no double answers" in said.err


@pytest.mark.parametrize("body", [b"<h1>It works!</h1>", b"[]", b'{"status": "starting"}', b'"ok"'])
def test_another_server_in_its_place_is_unhealthy(type_command, stranger, body):
    address, script = stranger
    script["body"] = body
    said = type_command(f"healthcheck --url {address}")
    assert said.code == 1
    assert said.err.startswith(f"error: what is at {address} is no double\n  try: ")


def test_a_misspelt_variable_is_unhealthy_and_no_other_code(type_command, monkeypatch):
    monkeypatch.setenv("NOVITA_MOCK_PROT", "1")
    said = type_command("healthcheck")
    assert (said.code, said.out) == (1, "")
    assert said.err.endswith("\n  did you mean NOVITA_MOCK_PORT?\n")


def health_of(*words: str) -> subprocess.CompletedProcess[str]:
    """The command as the console script runs it, and the names of the packages that it imported."""
    program = f"import sys; sys.path[:] = {sys.path!r}\n{PROGRAM}"
    line = [sys.executable, "-c", program, "healthcheck", *words]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("NOVITA_")}
    return subprocess.run(line, capture_output=True, text=True, timeout=60, env=clean)


def test_the_command_does_without_the_imports_of_a_server(url):
    told = health_of("--url", url)
    assert (told.returncode, told.stdout) == (0, f"healthy: {url}\n")
    imported = set(told.stderr.split())
    assert "novita_mock" in imported
    assert not {"starlette", "uvicorn", "asyncio", "aiohttp", "jsonschema", "PIL"} & imported


def test_wrong_words_are_told_as_those_of_every_command():
    told = health_of("--ulr")
    assert told.returncode == 2
    assert re.match(r"error: No such option.*--ulr", told.stderr)
    assert "\n  try: novita-mock healthcheck --help\n" in told.stderr
