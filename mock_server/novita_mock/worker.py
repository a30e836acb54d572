"""The process that makes large pictures: it reads work, writes pictures, and may die without harm.

A message is its length in eight bytes and then MessagePack. It ends when its input ends.
"""

import os
import signal
import struct
import sys
from contextlib import suppress
from typing import BinaryIO

import msgspec

from novita_mock.types import JSON
from novita_mock.work import BrokenImage, Work

_LENGTH = struct.Struct(">Q")
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


def main() -> None:
    """Work until the input ends."""
    # Ctrl-C reaches the whole group of processes; it is the server's to end this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(AttributeError, OSError):  # not on Windows
        os.nice(NICENESS)
    inward, outward = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints must not end up between the messages
    from novita_mock.render import render

    with suppress(EOFError, BrokenPipeError):
        while True:
            work = Work(**read_message(inward))
            try:
                write_message(outward, {"pictures": render(work)})
            except BrokenImage as problem:
                write_message(outward, {"broken": str(problem)})


if __name__ == "__main__":
    main()
