"""What a request brought is gone once it is answered or broken off: nobody has to collect garbage first."""

import base64
import gc
import importlib
import json
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import CodeType, FrameType, FunctionType
from typing import get_args, get_type_hints

import httpx2
import pytest
from msgspec import Struct

import novita_mock
from novita_mock.problems import Problem
from novita_mock.server import running
from novita_mock.settings import Settings
from raw import Raw, request
from test_quick import noise

UPSCALE = "/v3/async/upscale"
#: Longer than what a read of the socket brings, and the least that would be missed, in bytes.
BODY_BYTES, LARGE = 1_500_000, 20_000
PICTURE = noise(BODY_BYTES * 3 // 4)
#: Headers that keep a request from the short way.
LONG_WAY = "X-Novita-Mock-Scenario: happy"


def body(**changes: object) -> bytes:
    wanted = {"model_name": "4x-UltraSharp", "scale_factor": 2, "image_base64": PICTURE}
    return json.dumps({"request": wanted | changes}).encode()


def submit(content: bytes, *headers: str) -> bytes:
    return request(UPSCALE, *headers, method="POST", body=content)


@pytest.fixture
def url() -> Iterator[str]:
    with running(Settings(port=0, speed="manual", quiet=True)) as url:
        for good in (submit(body()), submit(body(scale_factor=9))):  # what is loaded once is loaded
            with Raw(url, 30) as raw:
                raw.ask(good)
        yield url


@contextmanager
def uncollected() -> Iterator[list[object]]:
    """What would be left for the collector: found when the block ends."""
    gc.collect()
    gc.disable()
    found: list[object] = []
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found += gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def large(left: list[object]) -> list[int]:
    """The sizes of large pieces of bodies in what is left."""
    held = {id(each): each for one in left for each in gc.get_referents(one)}
    return [len(each) for each in held.values() if isinstance(each, bytes | bytearray) and len(each) > LARGE]


def has_heard(url: str) -> None:
    """Come back once the double has seen what was sent before on other connections."""
    for _ in range(3):
        httpx2.get(f"{url}/_mock/health")


REFUSED: dict[str, Callable[[], bytes]] = {
    "a value out of range": lambda: submit(body(scale_factor=9)),
    "no picture": lambda: submit(body(image_base64=base64.b64encode(bytes(BODY_BYTES)).decode())),
    "no base64": lambda: submit(body(image_base64="*" + PICTURE)),
    "no JSON": lambda: submit(body()[:-1] + b"!"),
    "the long way": lambda: submit(body(scale_factor=9), LONG_WAY),
}


@pytest.mark.parametrize("how", REFUSED)
def test_a_refusal_keeps_nothing_of_its_request(url: str, how: str) -> None:
    with uncollected() as left:
        with Raw(url, 30) as raw:
            assert [raw.ask(REFUSED[how]()).status for _ in range(2)] == [400, 400]
        has_heard(url)
        # Not even what the collector never sees: an exception that is alive holds the frames it went through.
        assert [each for each in gc.get_objects() if isinstance(each, Problem)] == []
    assert large(left) == []


@pytest.mark.parametrize("headers", [(), (LONG_WAY,)])
def test_a_connection_that_ends_in_a_body_keeps_nothing_of_it(url: str, headers: tuple[str, ...]) -> None:
    with uncollected() as left:
        for share in (0.1, 0.9):
            with Raw(url, 30) as raw:
                whole = submit(body(), *headers)
                raw.send(whole[: int(len(whole) * share)])
                has_heard(url)
        has_heard(url)
    assert large(left) == []


def test_a_connection_that_a_fault_breaks_keeps_nothing_of_its_body(url: str) -> None:
    with uncollected() as left:
        for phase in ("before", "after"):
            rule = {"phase": phase, "effect": {"kind": "socket", "how": "reset"}}
            httpx2.post(f"{url}/_mock/faults", json=rule).raise_for_status()
            with Raw(url, 30) as raw, suppress(ConnectionError):
                raw.ask(submit(body()))
        has_heard(url)
    assert large(left) == []


def uncared_for(kind: type) -> Iterator[type]:
    """The structs of ours that the collector does not look after."""
    for one in kind.__subclasses__():
        if one.__module__.startswith("novita_mock.") and not one.__struct_config__.gc:
            yield one
        yield from uncared_for(one)


def named_in(hint: object) -> Iterator[object]:
    """The types that a hint names."""
    yield hint
    for inside in get_args(hint):
        yield from named_in(inside)


def test_no_struct_without_the_collectors_care_holds_what_may_hold_it_in_turn() -> None:
    for module in pkgutil.iter_modules(novita_mock.__path__, "novita_mock."):
        if module.name != "novita_mock.__main__":
            importlib.import_module(module.name)
    structs = list(uncared_for(Struct))
    named = [
        (one.__name__, hint) for one in structs for hints in [get_type_hints(one)] for hint in hints.values()
    ]
    holding = [
        (name, each)
        for name, hint in named
        for each in named_in(hint)
        if isinstance(each, type) and issubclass(each, BaseException | FrameType | CodeType | FunctionType)
    ]
    assert holding == []
    assert len(structs) > 20
