"""The command line as a client of a running double, by the standard library alone."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from novita_mock.files import read_json
from novita_mock.stopping import Stop
from novita_mock.types import JSON

#: Wall seconds until an answer is given up: an advance may render for a while.
TIMEOUT_S = 120.0


class CallFailed(Stop):
    """No answer, or a no; ``hint`` says what to type next."""


class _NoRedirects(HTTPRedirectHandler):
    """A redirect is an answer like any other: nothing is sent on to where nobody pointed."""

    def redirect_request(self, *_: object) -> None:
        return None


def post(
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    method: str = "POST",
    timeout_s: float = TIMEOUT_S,
) -> tuple[int, bytes]:
    """One request; the status and the body of the answer, whatever they say. Proxies are passed by.

    Raises:
        OSError: there is no answer.
        ValueError: ``url`` is no http or https address, or what answers there speaks no HTTP.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError("it begins with neither http:// nor https://")
    request = Request(url, body, dict(headers), method=method)
    try:
        with build_opener(ProxyHandler({}), _NoRedirects()).open(request, timeout=timeout_s) as reply:
            return reply.status, reply.read()
    except HTTPError as problem:
        with problem:
            return problem.code, problem.read()
    except HTTPException as problem:
        raise ValueError(f"what answers there speaks no HTTP: {type(problem).__name__}") from None


#: One request: its URL, body, headers and method; the status and the body of the answer.
Post = Callable[[str, bytes | None, Mapping[str, str], str], tuple[int, bytes]]


@dataclass(frozen=True, slots=True)
class Double:
    """A running double, and in whose name it is called.

    Attributes:
        url: where it is.
        account: the id or the key of an account, or empty for all.
        token: what its control routes ask for, or empty.
        post: what takes a request there; HTTP, where nobody says otherwise.
    """

    url: str
    account: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    post: Post = field(default=post, repr=False)

    def get(self, path: str, /, **query: JSON) -> JSON:
        """What a control route tells.

        Args:
            path: after the prefix: ``/tasks``.
            **query: names and values; None is left out.

        Raises:
            CallFailed: no answer, or a no.
        """
        return self._call("GET", path, None, query)

    def send(self, method: str, path: str, body: JSON = None) -> JSON:
        """Have a control route do something; what it answers.

        Raises:
            CallFailed: no answer, or a no.
        """
        return self._call(method, path, json.dumps({} if body is None else body).encode(), {})

    def address(self, path: str) -> str:
        """Where a control route is.

        Args:
            path: after the prefix: ``/inbox/mine``.
        """
        return f"{self.url.rstrip('/')}{_prefix()}{quote(path)}"

    def _call(self, method: str, path: str, body: bytes | None, query: Mapping[str, JSON]) -> JSON:
        asked = {name: value for name, value in query.items() if value is not None}
        asked |= {"account": self.account} if self.account else {}
        url = self.address(path) + (f"?{urlencode(asked)}" if asked else "")
        headers = {"Content-Type": "application/json", "X-Novita-Mock-Token": self.token}
        try:
            status, content = self.post(url, body, headers, method)
            told = json.loads(content)
        except (URLError, OSError):
            raise CallFailed(f"no double answers at {self.url}", "novita-mock serve") from None
        except ValueError:
            hint = "give its address with --url http://127.0.0.1:4077"
            raise CallFailed(f"what is at {self.url} is no double", hint) from None
        if status == 200:
            return told
        raise _no(status, told)


@cache
def _prefix() -> str:
    return str(read_json("schemas", "control.json")["prefix"])


def _no(status: int, told: JSON) -> CallFailed:
    said = str(told.get("error", "")) if isinstance(told, dict) else ""
    fields = told.get("fields", {}) if isinstance(told, dict) else {}
    more = [f"{at}: {why}" for at, why in fields.items() if f"{at}: {why}" not in said]
    message = "; ".join([said or f"the double answered {status}", *more])
    if "say whose" in said:
        return CallFailed("it is not clear which account is meant", "the same with --account YOUR_API_KEY")
    if status == 403 and "token" in said:
        return CallFailed(message, "the same with --control-token TOKEN")
    if status == 403 and "key" in said:
        return CallFailed(message, "the same with --account and a key that the double lets in")
    hints = {403: "the same on the machine of the double", 404: "novita-mock tasks, webhooks or faults lists"}
    return CallFailed(message, hints.get(status, "the same with --help"))
