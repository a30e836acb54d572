"""The client under test: on the double, with time that can be slept through."""

import time
from collections.abc import Callable, Iterator
from io import BytesIO

import httpx2
import psutil
import pytest
from PIL import Image

from client import DEFAULT, Client, Limits


class Hours:
    """Time for the client: its sleeps take none, and move the double's own clock on."""

    def __init__(self, novita_mock):
        self.sleeps: list[float] = []
        self._mock = novita_mock

    def clock(self) -> float:
        return time.monotonic() + sum(self.sleeps)

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self._mock.advance(seconds)


@pytest.fixture
def photo() -> bytes:
    out = BytesIO()
    Image.linear_gradient("L").resize((8, 6)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def hours(novita_mock) -> Hours:
    novita_mock.set_speed("manual")
    return Hours(novita_mock)


@pytest.fixture
def client(novita_mock, hours) -> Iterator[Callable[..., Client]]:
    """Makes clients of the double. When they have ended, no connection of theirs is left."""
    made = []

    def make(limits: Limits = DEFAULT, address: str = novita_mock.url, chance: float = 0.5) -> Client:
        told = {"clock": hours.clock, "sleep": hours.sleep, "chance": lambda: chance}
        made.append(Client(address, novita_mock.api_key, limits, **told))
        return made[-1]

    yield make
    for each in made:
        each.__exit__()
    port = httpx2.URL(novita_mock.url).port
    connections = psutil.Process().net_connections()
    assert [each for each in connections if each.raddr and each.raddr.port == port] == []
