"""The three requests that the site sends to the service, and what can become of each."""

import base64
from dataclasses import dataclass
from typing import Any

import httpx2

#: Refusals that leave no doubt that no task was made; of another 5xx nobody knows what happened before it.
NOT_ACCEPTED = (429, 503)
NO_TASK = "CREATE_TASK_FAILED"
#: From this confidence, in percent, a picture counts as unsafe.
UNSAFE_FROM = 50


class Again(Exception):
    """Nothing has happened, so asking again is safe. ``after_s``: what the service asks to wait."""

    def __init__(self, why: str, after_s: float | None = None) -> None:
        super().__init__(why)
        self.after_s = after_s


class Refused(Exception):
    """The service said no. ``reason`` is as documented."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason


class Lost(Exception):
    """A submit was sent, and nobody knows whether it was accepted."""


class Expired(Exception):
    """The link to a picture is dead."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a task stands: with neither failure nor link it is under way.

    Attributes:
        failure: why it failed.
        link: where its picture is.
        unsafe: how sure the service is that the picture is unsafe, in percent; None where it can't tell.
    """

    failure: str = ""
    link: str = ""
    unsafe: float | None = None


class Novita:
    """The service.

    Args:
        http: sends the requests.
        address: without a slash at its end.
        api_key: goes to the service, and never along to where the pictures are.
    """

    def __init__(self, http: httpx2.AsyncClient, address: str, api_key: str) -> None:
        self._http = http
        self._address = address
        self._headers = {"Authorization": f"Bearer {api_key}"}

    async def submit(self, picture: bytes, hook: str) -> str:
        """Have a picture enlarged; the id of its task.

        Raises:
            Again, Refused, Lost: it was not accepted, will not be, nobody knows.
        """
        image = base64.b64encode(picture).decode()
        body = {
            "extra": {"enable_nsfw_detection": True, "webhook": {"url": hook}},
            "request": {"model_name": "4x-UltraSharp", "scale_factor": 2, "image_base64": image},
        }
        try:
            reply = await self._http.post(
                f"{self._address}/v3/async/upscale", json=body, headers=self._headers
            )
            if reply.status_code == 200:
                return str(reply.json()["task_id"])
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as problem:
            raise Again(f"not reached: {problem}") from problem
        except (httpx2.RequestError, ValueError, LookupError, TypeError) as problem:
            raise Lost(f"no reply that can be read: {problem!r}") from problem
        refused = _refused(reply)
        if reply.status_code in NOT_ACCEPTED or refused.reason == NO_TASK:
            raise Again(str(refused), _asked_s(reply)) from refused
        if reply.status_code >= 500:
            raise Lost(str(refused)) from refused
        raise refused

    async def standing(self, task_id: str) -> Standing:
        """Where a task stands.

        Raises:
            Again, Refused: it is not told now, will not be.
        """
        query = {"task_id": task_id}
        reply = await self._got(f"{self._address}/v3/async/task-result", query, self._headers)
        if reply.status_code != 200:
            raise _refused(reply)
        try:
            body = reply.json()
            status = body["task"]["status"]
            if status == "TASK_STATUS_FAILED":
                return Standing(failure=str(body["task"]["reason"]) or "no reason given")
            if status != "TASK_STATUS_SUCCEED":
                return Standing()
            image = body["images"][0]
            found = image["nsfw_detection_result"]
            unsafe = float(found["confidence"]) if found["valid"] is True else None
            return Standing(link=str(image["image_url"]), unsafe=unsafe)
        except (ValueError, LookupError, TypeError) as problem:
            raise Again(f"no reply that can be read: {problem!r}") from problem

    async def download(self, link: str) -> bytes:
        """The picture behind a link; a PNG.

        Raises:
            Again, Expired: it does not come whole now, will not come.
        """
        reply = await self._got(link)
        if reply.status_code != 200:
            raise Expired(f"HTTP {reply.status_code}")
        if not reply.content.startswith(b"\x89PNG\r\n"):
            raise Again("what came is no picture")
        return reply.content

    async def _got(
        self, url: str, query: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> httpx2.Response:
        try:
            reply = await self._http.get(url, params=query, headers=headers)
        except (httpx2.RequestError, httpx2.InvalidURL) as problem:
            raise Again(repr(problem)) from problem
        if reply.status_code == 429 or reply.status_code >= 500:
            raise Again(f"HTTP {reply.status_code}", _asked_s(reply))
        return reply


def _refused(reply: httpx2.Response) -> Refused:
    try:
        body: Any = reply.json()
        return Refused(str(body["reason"]), str(body["message"]))
    except (ValueError, LookupError, TypeError):
        return Refused("", f"HTTP {reply.status_code}")


def _asked_s(reply: httpx2.Response) -> float | None:
    told = reply.headers.get("retry-after", "")
    return float(told) if told.isascii() and told.isdigit() else None
