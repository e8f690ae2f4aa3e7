"""The engine's own speed: the writes of a callback without the callback.

The engine executes one request at a time. A client that does nothing but send and receive bytes
keeps it busy, so what it takes for a number of updates is what any function must wait for at least.
"""

import selectors
import socket
import time
from dataclasses import dataclass

from callbacks import join, newcomers
from counting_proxy import counting
from deployment import Deployment
from functions import CALLBACK
from process import Process

# As many requests as a callback has under way at once.
CONNECTIONS = 64


@dataclass(frozen=True)
class Update:
    """One update as `callback` sends it, signature and all, of which only the user changes."""

    request: bytes
    user: str

    def of(self, user: str) -> bytes:
        """The same for another user, whose id is as long."""
        return self.request.replace(self.user.encode(), user.encode())


def seen_in(behind: Deployment, room: str) -> Update:
    """The update that a join of a room causes."""
    user = next(newcomers())
    with counting(behind.dynamodb) as (url, requests):
        variables = behind.variables() | {"AWS_ENDPOINT_URL_DYNAMODB": url}
        with Process(CALLBACK, variables) as process:
            process.start()
            process.invoke(join(room, user))
    [update] = [request for request in requests if request.operation == "UpdateItem"]
    return Update(f"{update.head}\r\n".encode() + update.body, user)


def send(url: str, update: Update, users: list[str]) -> float:
    """Updates all of them. Gives the seconds from the first request to the last answer."""
    host, port = url.removeprefix("http://").split(":")
    waiting = iter([update.of(user) for user in users])
    with selectors.DefaultSelector() as busy:
        count = min(CONNECTIONS, len(users))
        connections = [socket.create_connection((host, port)) for _ in range(count)]
        began = time.perf_counter()
        for connection, request in zip(connections, waiting, strict=False):
            connection.sendall(request)
            busy.register(connection, selectors.EVENT_READ)
        while busy.get_map():
            for key, _ in busy.select():
                _take_answer(key.fileobj)
                if request := next(waiting, None):
                    key.fileobj.sendall(request)
                else:
                    busy.unregister(key.fileobj)
        seconds = time.perf_counter() - began
    for connection in connections:
        connection.close()
    return seconds


def _take_answer(connection: socket.socket):
    """Reads the answer to an update, which has no content."""
    answer = b""
    while not answer.endswith(b"\r\n\r\n{}"):
        more = connection.recv(4096)
        answer += more
        if not more or not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"an update was answered {answer}")
