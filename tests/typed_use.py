"""How others use the handle, for mypy --strict to read: nothing here is run."""

from collections.abc import Callable
from typing import Any, assert_type

from novita_mock.testing import Inbox, NovitaMock, connect, running, running_async


def test_theirs(novita_mock: NovitaMock, make_novita_mock: Callable[..., NovitaMock]) -> None:
    assert_type(novita_mock.url, str)
    assert_type(novita_mock.balance, float)
    novita_mock.balance = 5
    assert_type(novita_mock.inbox("app"), Inbox)
    assert_type(novita_mock.tasks, list[dict[str, Any]])
    assert_type(novita_mock.fail_next("ILLEGAL_PROMPT", "img2img", times=2, retry_after_s=1), list[str])
    novita_mock.assert_called("upscale", times=1, request={"request": {"scale_factor": 2}})
    assert_type(make_novita_mock(strict=True), NovitaMock)


async def without_pytest() -> None:
    with running(where="asgi", speed="manual", quirks={"missing-key": "401"}) as mock:
        assert_type(mock, NovitaMock)
    async with running_async(where="thread", speed=0) as mock:
        assert_type(await mock.advance_async(60), dict[str, Any])
    assert_type(connect("http://127.0.0.1:4077"), NovitaMock)
