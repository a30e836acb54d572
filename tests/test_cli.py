"""The command: what it prints, what it writes, how it ends, and what it says when it can't."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from novita_mock import __version__
from novita_mock.options import metavar
from novita_mock.settings import settings_rows
from typed import typist

ROOT = Path(__file__).parents[1]
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("NOVITA_")}
ENVIRON = CLEAN | {"PYTHONPATH": f"{ROOT}/mock_server{os.pathsep}{ROOT}/contract_tests"}
COMMANDS = ("serve", "demo", "openapi", "schema", "config", "doctor", "tasks", "requests", "webhooks",
            "trigger", "listen", "faults", "scenarios", "clock", "reset", "healthcheck")  # fmt: skip


@pytest.fixture
def type_command(capsys, monkeypatch, tmp_path):
    """Run a command line in this process, in an empty folder and a clean environment."""
    for name in os.environ:
        if name.startswith("NOVITA_") or name.lower() in ("http_proxy", "all_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    return typist(capsys)


@contextmanager
def serving(*flags: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A real ``serve`` on a free port; its address is the first line of its standard output."""
    line = [sys.executable, "-P", "-m", "novita_mock", "serve", "--port", "0", *flags]
    pipe = subprocess.PIPE
    with subprocess.Popen(line, stdout=pipe, stderr=pipe, text=True, env=ENVIRON) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def stop(process: subprocess.Popen[str]) -> str:
    """Ctrl-C; what was written to standard error."""
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=5)[1]


def test_without_a_command_the_help_is_shown(type_command):
    said = type_command("")
    assert said.code == 0
    for command in COMMANDS:
        assert f"  {command} " in said.out


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command_has_an_example(type_command, command):
    said = type_command(f"{command} --help")
    assert said.code == 0
    assert f"novita-mock {command}" in said.out.split("Example:")[1]


def test_the_help_of_serve_shows_every_setting_with_its_default_and_unit(type_command):
    text = " ".join(type_command("serve --help").out.split())
    for row in settings_rows():
        assert f"{row.flag} " in text
        if not row.switch:
            assert f"{row.flag} {metavar(row)} " in text
    assert text.count("(default ") == sum(not row.switch for row in settings_rows())


def test_the_version_is_told(type_command):
    assert __version__ in type_command("--version").out


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("serv", "No such command 'serv'", "novita-mock --help"),
        ("serve --prot 1", "--prot", "novita-mock serve --help"),
        ("serve --port ninety", "--port: 'ninety' is not usable", "4077"),
        ("serve --port 70000", "--port", "port"),
        ("serve --speed -1", "--speed", "x"),
        ("serve --quirk image-url-tll=integer", "image-url-tll", "image-url-ttl"),
        ("serve --quirk image-url-ttl=word", "no value 'word'", "integer"),
        ("serve --quirk nonsense", "ID=VALUE", "--quirk"),
        ("serve --ready-file no/such/folder/f", "no/such/folder/f", "--ready-file FILE"),
        ("schema v3/upscale", "v3/upscale", "novita-mock schema v3/upscale.request.json"),
        ("openapi --output no/such/folder/f", "no/such/folder/f", "novita-mock openapi > FILE"),
    ],
)
def test_an_error_says_what_is_wrong_and_what_to_type(type_command, line, message, hint):
    said = type_command(line)
    assert said.code == 2
    first, second = said.err.splitlines()
    assert first.startswith("error: ")
    assert message in first
    assert hint in second


def test_a_misspelt_variable_is_an_error_that_names_the_nearest(type_command, monkeypatch):
    monkeypatch.setenv("NOVITA_MOCK_PROT", "1")
    said = type_command("serve")
    assert said.code == 2
    assert "NOVITA_MOCK_PROT" in said.err
    assert "NOVITA_MOCK_PORT" in said.err


def test_the_variable_of_another_tool_is_not_read(type_command, monkeypatch):
    monkeypatch.setenv("NOVITA_BASE_URL", "http://example.invalid")
    assert "example.invalid" not in type_command("config").out


def test_a_port_in_use_is_said_with_a_way_out(type_command):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = type_command(f"serve --port {port}")
    assert said.code == 2
    assert said.err == f"error: port {port} is in use\n  try: novita-mock serve --port 0\n"


def test_an_address_that_is_not_ours_is_said(type_command):
    said = type_command("serve --host 192.0.2.1 --port 0")
    assert said.code == 2
    assert "192.0.2.1" in said.err
    assert "try: novita-mock serve" in said.err


def test_config_tells_value_and_origin_and_no_key(type_command, monkeypatch):
    monkeypatch.setenv("NOVITA_MOCK_SPEED", "0")
    said = type_command("config --port 5000 --key sk_secret")
    rows = {line.split()[0]: line for line in said.out.splitlines()}
    assert set(rows) == {row.name for row in settings_rows()}
    assert re.search(r"5000 +flag --port", rows["port"])
    assert re.search(r"0 +environment NOVITA_MOCK_SPEED", rows["speed"])
    assert re.search(r"127\.0\.0\.1 +default", rows["host"])
    assert "sk_secret" not in said.out


def test_config_shows_no_secret(type_command, monkeypatch):
    monkeypatch.setenv("NOVITA_MOCK_S3_SECRET_KEY", "canary-1")
    flags = "--s3-access-key canary-2 --control-token canary-3 --key canary-4"
    assert "canary" not in type_command(f"config {flags}").out


def test_config_shows_the_names_even_when_a_variable_is_unknown(type_command, monkeypatch):
    monkeypatch.setenv("NOVITA_MOCK_PROT", "1")
    said = type_command("config")
    assert said.code == 2
    assert "NOVITA_MOCK_PORT" in said.out


def test_schemas_are_listed_and_printed_whole(type_command):
    assert "v3/upscale.request.json" in type_command("schema").out.splitlines()
    whole = json.loads(type_command("schema v3/upscale.request").out)
    assert whole["type"] == "object"
    assert "$ref" not in json.dumps(whole)


def test_openapi_is_printed_or_written(type_command):
    printed = json.loads(type_command("openapi").out)
    assert printed["openapi"].startswith("3.1")
    assert type_command("openapi --output api.json").out == ""
    assert json.loads(Path("api.json").read_text()) == printed


def test_openapi_follows_a_quirk(type_command):
    assert type_command("openapi --quirk image-url-ttl=integer").out != type_command("openapi").out


def test_doctor_finds_nothing_wrong_here(type_command):
    said = type_command("doctor --port 0")
    assert said.code == 0, said.out
    assert {line.split()[0] for line in said.out.splitlines()} == {"ok"}


def test_doctor_finds_a_port_in_use(type_command):
    with socket.create_server(("127.0.0.1", 0)) as other:
        said = type_command(f"doctor --port {other.getsockname()[1]}")
    assert said.code == 1
    assert re.search(r"BROKEN +port .*\n +try: novita-mock serve --port 0", said.out)


@pytest.mark.parametrize(("exempt", "code"), [("", 1), ("localhost,127.0.0.1", 0), ("*", 0)])
def test_doctor_finds_a_proxy_in_the_way(type_command, monkeypatch, exempt, code):
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.invalid:3128")
    monkeypatch.setenv("NO_PROXY", exempt)
    monkeypatch.setenv("no_proxy", exempt)
    said = type_command("doctor --port 0")
    assert said.code == code
    assert ("export NO_PROXY=127.0.0.1,localhost" in said.out) == bool(code)


def test_serve_tells_a_pipe_its_address_first_and_people_the_rest():
    with serving("--speed", "0", "--seed", "7") as (process, url):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", url)
        assert httpx2.get(f"{url}/_mock/health").json()["status"] == "ok"
        banner = stop(process)
    assert process.returncode == 0
    said = (
        f"novita-mock {__version__}",
        "seed 7",
        "speed 0",
        url,
        "sk_mock",
        "NovitaClient(",
        "Ctrl-C stops",
    )
    for part in said:
        assert part in banner
    assert re.search(r"\d\d:\d\d:\d\d  GET +/_mock/health +200 ", banner)


def test_the_command_in_the_banner_works_when_pasted(tmp_path):
    ready = tmp_path / "ready.json"
    with serving("--speed", "0", "--ready-file", str(ready)) as (process, url):
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        pasted = next(line for line in lines if line.lstrip().startswith("curl "))
        told = subprocess.run(["bash", "-c", pasted], capture_output=True, text=True, timeout=20, check=True)
        task_id = json.loads(told.stdout)["task_id"]
        key = {"Authorization": "Bearer sk_mock"}
        result = httpx2.get(f"{url}/v3/async/task-result", params={"task_id": task_id}, headers=key).json()
        assert result["task"]["status"] == "TASK_STATUS_SUCCEED"
        stop(process)


def test_the_ready_file_tells_url_pid_and_version_once_the_socket_serves(tmp_path):
    ready = tmp_path / "ready.json"
    ready.write_text('{"url": "from an earlier run"}')
    with serving("--ready-file", str(ready)) as (process, url):
        assert json.loads(ready.read_text()) == {"url": url, "pid": process.pid, "version": __version__}
        assert [file.name for file in tmp_path.iterdir()] == ["ready.json"]
        stop(process)


def test_beyond_this_machine_the_banner_tells_a_token_that_opens_the_control_routes():
    with serving("--host", "0.0.0.0", "--seed", "1") as (process, url):  # noqa: S104 - that is the test
        told = stop(process)
    token = re.search(r"export NOVITA_MOCK_CONTROL_TOKEN=(\S{32})\n", told)
    assert token
    with serving("--host", "0.0.0.0", "--seed", "1", "--control-token", "mine") as (process, url):  # noqa: S104
        assert httpx2.get(f"{url}/_mock/clock").status_code == 403
        headers = {"X-Novita-Mock-Token": "mine"}
        assert httpx2.get(f"{url}/_mock/clock", headers=headers).status_code == 200
        assert "mine" not in stop(process)


def test_quiet_means_neither_banner_nor_lines():
    with serving("--quiet") as (process, url):
        httpx2.get(f"{url}/_mock/health")
        assert stop(process) == ""


def test_a_given_key_is_never_shown():
    with serving("--key", "sk_secret") as (process, url):
        httpx2.get(f"{url}/v3/model", headers={"Authorization": "Bearer sk_secret"})
        told = stop(process)
    assert "sk_secret" not in told
    assert "$NOVITA_API_KEY" in told
