"""Commands for webhooks: have an event sent, and a small receiver that shows and forwards what comes."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import click

from novita_mock.calling import CallFailed, Double, post
from novita_mock.clock import MachineWall
from novita_mock.options import debug_option
from novita_mock.showing import safe
from novita_mock.types import JSON
from novita_mock.verbs import double_options, tell

#: Longest event that is taken, in bytes, and wall seconds that a sender has for it.
MAX_EVENT_BYTES = 8 * 1024 * 1024
RECEIVE_S = 10.0
#: Headers that belong to one connection and are not passed on.
_HOP = frozenset({"host", "connection", "content-length", "transfer-encoding", "keep-alive", "expect"})


@click.command(
    "trigger", epilog="Example: novita-mock trigger fail --to http://127.0.0.1:4078/ --account sk_mock"
)
@click.argument("event", type=click.Choice(("succeed", "fail")))
@click.option("--to", metavar="URL", required=True, help="where the event goes")
@click.option("--task", "task_id", metavar="ID", help="tell of this finished task (default: one is made up)")
@click.option("--operation", metavar="NAME", help="of a task that is made up: upscale or img2img")
@click.option("--set", "changes", metavar="/POINTER=JSON", multiple=True, help="change the event; repeatable")
@double_options
def trigger_command(
    event: str,
    to: str,
    task_id: str | None,
    operation: str | None,
    changes: tuple[str, ...],
    double: Double,
    as_json: bool,
) -> None:
    """Have a running double send an event, without a task."""
    asked: dict[str, JSON] = {"event": event, "to": to, "override": dict(map(_change, changes))}
    asked |= {"task_id": task_id} if task_id else {}
    asked |= {"operation": operation} if operation else {}
    told = double.send("POST", "/trigger", asked)
    tell(told, as_json, lambda _: f"event {safe(told['id'])} is on its way to {safe(told['url'])}")


def _change(text: str) -> tuple[str, JSON]:
    pointer, equals, value = text.partition("=")
    if not equals or not pointer.startswith("/"):
        hint = "novita-mock trigger succeed --to URL --set /payload/task/task_id=mine"
        raise CallFailed(f"{safe(text[:60])} is not /POINTER=JSON", hint)
    try:
        return pointer, json.loads(value)
    except ValueError:
        return pointer, value


@click.command("listen", epilog="Example: novita-mock listen --forward-to http://127.0.0.1:3000/hook")
@click.option("--port", metavar="PORT", type=click.IntRange(0, 65535), default=4078,
              help="port to listen on; 0 picks a free one (default 4078)")  # fmt: skip
@click.option("--forward-to", metavar="URL", help="pass each event on, and answer what is answered there")
@debug_option
def listen_command(port: int, forward_to: str | None) -> int:
    """Receive webhooks here; show them and pass them on."""
    try:
        server = receiver(port, forward_to)
    except OSError as problem:
        raise CallFailed(
            f"can't listen on port {port}: {problem.strerror}", "novita-mock listen --port 0"
        ) from None
    with server:
        click.echo(f"http://127.0.0.1:{server.server_address[1]}/ receives: it can be an extra.webhook.url")
        try:
            server.serve_forever(poll_interval=0.1)
        except KeyboardInterrupt:
            return 130
    return 0


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a sender that goes away is no fault of ours."""


def receiver(port: int, forward_to: str | None) -> ThreadingHTTPServer:
    """A server that shows what is posted to it, and passes it on where it is told to.

    Raises:
        OSError: the port can't be listened on.
    """

    class Receiver(BaseHTTPRequestHandler):
        timeout = RECEIVE_S

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if "Origin" in self.headers:  # a page in a browser: none that sends webhooks
                self.send_error(403)
                return
            if not length.isdecimal() or int(length) > MAX_EVENT_BYTES:
                self.send_error(413)
                return
            content = self.rfile.read(int(length))
            status, answer = _passed_on(forward_to, content, dict(self.headers.items()))
            click.echo(summary(content, dict(self.headers.items()), MachineWall().time(), status))
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: each event has a line of its own."""

    return _Server(("127.0.0.1", port), Receiver)


def _passed_on(forward_to: str | None, content: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """What the target answers; 502 where it does not."""
    if forward_to is None:
        return 200, b""
    kept = {name: value for name, value in headers.items() if name.lower() not in _HOP}
    try:
        return post(forward_to, content, kept)
    except (OSError, ValueError) as problem:
        click.echo(f"error: nothing answers at {safe(forward_to)}: {safe(str(problem))}", err=True)
        return 502, b""


def summary(content: bytes, headers: Mapping[str, str], now_s: float, status: int) -> str:
    """An event as people read it: when, what, of which task, which pictures; and what was answered."""
    named = {name.lower(): value for name, value in headers.items()}
    attempt = named.get("x-novita-mock-attempt", "")
    lines = [f"{datetime.fromtimestamp(now_s, UTC):%H:%M:%S}  "]
    try:
        body = json.loads(content)
        task, payload = body["payload"]["task"], body["payload"]
        lines[0] += f"{body['event_type']}  {task['task_id']}  {task['status']}"
        lines += [f"reason   {task['reason']}"] if task.get("reason") else []
        lines += [f"image    {image['image_url']}" for image in payload.get("images") or ()]
    except (ValueError, KeyError, TypeError):
        lines[0] += f"no event of the API: {content[:200].decode('utf-8', 'replace')}"
    lines += [f"attempt  {attempt}"] if attempt not in ("", "1") else []
    return "\n          ".join(map(safe, [*lines, f"answered {status}"]))
