"""The process that makes large pictures: it reads work, writes pictures, and may die without harm.

A message is its length in eight bytes and then MessagePack. It ends when its input ends.
"""

import logging
import os
import select
import signal
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import BinaryIO

import msgspec

from novita_mock import allocator
from novita_mock.types import JSON
from novita_mock.work import BrokenImage, Work

_LENGTH = struct.Struct(">Q")
#: So many pictures of one work are made at once.
THREADS = 2
#: After so many wall seconds without work the memory that was kept for it goes back.
IDLE_S = 2.0
#: How much less than the server this process wants the processor: polls go first.
NICENESS = 10


def write_message(stream: BinaryIO, message: JSON) -> None:
    """Send one message."""
    content = msgspec.msgpack.encode(message)
    stream.write(_LENGTH.pack(len(content)))
    stream.write(content)
    stream.flush()


def read_message(stream: BinaryIO) -> JSON:
    """Receive one message.

    Raises:
        EOFError: the other side is gone.
    """
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    content = stream.read(length)
    if len(content) < length:
        raise EOFError
    return msgspec.msgpack.decode(content)


def attempt(work: Work, render: Callable[[Work], list[bytes]]) -> dict[str, JSON]:
    """What became of a work: ``pictures``, or ``broken`` with the reason of the task's failure.

    A fault of ours fails the task too, and stands in the log: the next work must not suffer for it.
    """
    try:
        return {"pictures": render(work)}
    except BrokenImage as problem:
        return {"broken": str(problem)}
    except Exception:
        logging.getLogger("novita_mock").exception("the renderer %s failed", work.renderer)
        return {"broken": "the image could not be processed"}


def main() -> None:
    """Work until the input ends."""
    # Ctrl-C reaches the whole group of processes; it is the server's to end this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(AttributeError, OSError):  # not on Windows
        os.nice(NICENESS)
    inward, outward = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints must not end up between the messages
    from novita_mock.render import render

    kept = allocator.keep_memory()
    with suppress(EOFError, BrokenPipeError):
        while True:
            if kept and not select.select([inward], [], [], IDLE_S)[0]:
                allocator.give_back()
            work = Work(**read_message(inward))
            write_message(outward, attempt(work, partial(render, threads=THREADS)))


if __name__ == "__main__":
    main()
