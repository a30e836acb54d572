"""The protocol that requests are answered by at once, where they come whole and ask for nothing special.

No task is made for such a request, no scope, no message: its response is written while its last bytes are
read. A large body is read into one buffer. Whatever the short way does not answer goes on as if there were
none.
"""

import asyncio

from novita_mock.catalogue import Operation
from novita_mock.crowd import Crowd
from novita_mock.heads import Head
from novita_mock.incoming import WHOLE
from novita_mock.lifting import Content
from novita_mock.noting import log
from novita_mock.problems import our_fault
from novita_mock.protocol import Protocol
from novita_mock.quick import Quick

#: Bodies of so many bytes on that have not come whole are read into one buffer.
FILLED_BYTES = 64 * 1024
#: Bodies of more bytes than this are worked on off the event loop, which is the long way's business.
MOST_BYTES = 4 * 1024 * 1024
#: From so many connections on submits are answered together.
CROWD = 4
#: Buffers that are kept for the next ones: as many large bodies come at once from most clients.
MOST_SPARE = 4


class ExpressProtocol(Protocol):
    """Our protocol, with the short way before the application. ``quick`` is set by the server's runner."""

    quick: Quick
    crowd: Crowd
    #: Of the request that is held back.
    _row: Operation | None = None
    _parts: list[bytes]
    #: Whether what came last began with a request, and whether that is known to be none for the short way.
    _begins = _left_alone = False
    #: Whether a request waits to be answered together with those of other connections.
    _joined = False

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of what was held back."""
        super().connection_lost(exc)
        self._row, self._parts = None, []

    def data_received(self, data: bytes) -> None:
        """Answer a request that is known again, else feed the parser.

        What that holds of a request that has not come whole goes another way.
        """
        if self._joined:
            self.crowd.answer()
        self._begins = self._idle() and not self.begun and not self._refused
        found = self.quick.heads.find(data) if self._begins else None
        if found is None:
            self._parse(data)
            return
        self._latest = data
        if len(self.connections) >= CROWD and found[0].row.kind == "submit":
            self._joined = self.begun = True
            self.crowd.join(self, *found)
        elif self._answered(*found):
            self._come_to_rest()
        else:
            self._parse(data, left_alone=True)

    def _parse(self, data: bytes, *, left_alone: bool = False) -> None:
        self._left_alone = left_alone
        super().data_received(data)
        self._left_alone = False
        if self._row is not None:
            self._wait_for_the_rest(self._row)

    def take_answer(self, reply: bytes | None) -> None:
        """What is answered to a request that waited."""
        self._joined = self.begun = False
        if self.transport.is_closing():
            return
        if reply is None:
            self._parse(self._latest, left_alone=True)
        else:
            self.transport.write(reply)
            self._come_to_rest()

    def take_failure(self) -> None:
        """A request that waited can't be answered."""
        self._joined = False
        self._refuse(our_fault())

    def shutdown(self) -> None:
        """Stop, once what waits is answered."""
        if self._joined:
            self.crowd.answer()
        super().shutdown()

    def _idle(self) -> bool:
        """Whether nothing that came before is still to be answered."""
        answered = self.cycle is None or self.cycle.response_complete
        return answered and not self.pipeline and not self.flow.write_paused

    def take_headers(self) -> None:
        """Hold a request back that may be answered at once."""
        method: bytes = self.parser.get_method()
        row = None if self._left_alone else self.quick.heads.row(method, self.url)
        if (
            row is None
            or not self._idle()
            or self.expect_100_continue
            or self.parser.get_http_version() != "1.1"
            or not self.parser.should_keep_alive()
        ):
            super().take_headers()
        else:
            self._row, self._parts = row, []

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        if self._row is not None:
            self._parts.append(body)
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is there: answer it, or have the application do so."""
        row, self._row = self._row, None
        if row is None or self._refused:
            super().on_message_complete()
        elif self._taken(row, self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)):
            self._come_to_rest()
        else:
            self._let_go()
            super().on_message_complete()

    def _taken(self, row: Operation, content: bytes) -> bool:
        """Answer a request that the parser has read, if that can be done, and know its head again."""
        head = self.quick.heads.read(row, self.url, self.headers)
        if head is None or not self._answered(head, content):
            return False
        if self._begins:
            self.quick.heads.learn(self._latest, head, len(content))
        return True

    def filled(self, head: Head, content: bytearray) -> None:
        """The whole of a large body is there, and this is the connection's protocol again."""
        self._row = None
        if len(content) <= MOST_BYTES and self._answered(head, content):
            if len(self.quick.spare) < MOST_SPARE:
                self.quick.spare.append(content)
            self._come_to_rest()
        else:
            super().take_headers()
            self.scope[WHOLE] = content  # type: ignore[literal-required]
            super().on_message_complete()
        self.parser = self.new_parser()  # the old one still waits for the rest

    def _wait_for_the_rest(self, row: Operation) -> None:
        """Have the rest of a large body read into one buffer, where the short way expects it."""
        lengths = [value for name, value in self.headers if name == b"content-length"]
        length = int(lengths[0]) if len(lengths) == 1 and lengths[0].isdigit() else 0
        head = self.quick.heads.read(row, self.url, self.headers)
        if not FILLED_BYTES <= length <= row.max_body_bytes or head is None or head.special:
            self._row = None
            self._let_go()
            return
        content, place = self._buffer(length), 0
        for part in self._parts:
            content[place : place + len(part)] = part
            place += len(part)
        # The row stays: nobody else is to take what the parser may still say of this request.
        self.transport.pause_reading()
        self.transport.set_protocol(_Filling(self, head, content, place))
        self.transport.resume_reading()

    def _buffer(self, length: int) -> bytearray:
        """So many bytes, whatever is in them: to have them cleared costs as much as to receive them."""
        if not self.quick.spare or length > MOST_BYTES:
            return bytearray(length)
        content = self.quick.spare.pop()
        del content[length:]
        content.extend(bytes(length - len(content)))
        return content

    def _let_go(self) -> None:
        """Go the long way with what was held back."""
        super().take_headers()
        for part in self._parts:
            super().on_body(part)

    def _answered(self, head: Head, content: Content) -> bool:
        try:
            reply = self.quick.answer(head, content)
        except Exception:
            log.exception("the double failed")
            self._refuse(our_fault())
            return True
        if reply is not None:
            self.transport.write(reply)
        return reply is not None

    def _come_to_rest(self) -> None:
        """Wait for the next request, as after any other response."""
        self.come_to_end()
        self.rest()


class _Filling(asyncio.BufferedProtocol):
    """Reads the rest of a body into its place."""

    def __init__(self, protocol: ExpressProtocol, head: Head, content: bytearray, place: int) -> None:
        self._protocol = protocol
        self._head = head
        self._content = content
        self._view = memoryview(content)
        self._place = place

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where what comes next is to go: nothing that follows the body is taken."""
        return self._view[self._place :]

    def buffer_updated(self, nbytes: int) -> None:
        """So much more has come."""
        self._place += nbytes
        if self._place == len(self._content):
            self._view.release()
            transport = self._protocol.transport
            transport.pause_reading()
            transport.set_protocol(self._protocol)
            transport.resume_reading()
            self._protocol.filled(self._head, self._content)

    def eof_received(self) -> None:
        """The sender has broken off."""
        self._protocol.eof_received()

    def pause_writing(self) -> None:
        """What was written before does not leave."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """What was written before has left."""
        self._protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over, and what came is let go."""
        self._view.release()
        self._content = bytearray()
        self._protocol.connection_lost(exc)
