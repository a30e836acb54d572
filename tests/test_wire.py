"""The suite's connections: what is let go, also in the middle of a request."""

import socket

from novita_contract.wire import Wire
from novita_mock.server import running
from novita_mock.settings import Settings


def test_a_connection_that_is_made_while_the_wire_is_closed_is_closed_too(monkeypatch):
    made = []

    def connected(*arguments, **named):
        made.append(connect(*arguments, **named))
        wire.close()
        return made[-1]

    with running(Settings(port=0, quiet=True)) as url:
        wire = Wire(url, keys=())
        connect = socket.create_connection
        monkeypatch.setattr(socket, "create_connection", connected)
        wire.send("health", "GET", "/_mock/health")
    assert [each.fileno() for each in made] == [-1]
