"""The Lambda Runtime API, played to one process.

A process takes one invocation at a time, so a single thread is enough, which waits for whatever the
process asks next: nothing of ours runs while the function works.
"""

import itertools
import selectors
import socket
import time
from typing import BinaryIO, NamedTuple

ARN = "arn:aws:lambda:us-east-1:000000000000:function:callback"
# What a function may take: more than any of ours needs, even at a fourteenth of a core.
TIME_OUT_MS = 60_000


class Call(NamedTuple):
    """A request of the process, and when (by `time.perf_counter`) all of it was here."""

    connection: socket.socket
    path: str
    body: bytes
    at: float


class RuntimeApi:
    """One process's endpoint, for `AWS_LAMBDA_RUNTIME_API`."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = "{}:{}".format(*self.listener.getsockname())
        self.sources = selectors.DefaultSelector()
        self.sources.register(self.listener, selectors.EVENT_READ)
        self.invocations = itertools.count()

    def call(self, seconds: float) -> Call | None:
        """The next request, or nothing if none begins within so many seconds."""
        while ready := self.sources.select(seconds):
            source, stream = ready[0][0].fileobj, ready[0][0].data
            if source is self.listener:
                self._accept()
            elif request := _read(stream):
                return Call(source, *request, time.perf_counter())
            else:
                self._drop(source, stream)
        return None

    def give(self, poll: Call, event: bytes):
        """Answers the process's question for something to do."""
        deadline = int(time.time() * 1000) + TIME_OUT_MS
        number = next(self.invocations)
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            f"Lambda-Runtime-Aws-Request-Id: 00000000-0000-4000-8000-{number:012}\r\n"
            f"Lambda-Runtime-Invoked-Function-Arn: {ARN}\r\n"
            f"Lambda-Runtime-Deadline-Ms: {deadline}\r\nContent-Length: {len(event)}\r\n\r\n"
        )
        poll.connection.sendall(head.encode() + event)

    def accept(self, answer: Call):
        """Confirms the process's answer."""
        answer.connection.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")

    def close(self):
        """Hangs up."""
        for key in list(self.sources.get_map().values()):
            self._drop(key.fileobj, key.data)
        self.sources.close()

    def _accept(self):
        connection, _ = self.listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sources.register(connection, selectors.EVENT_READ, connection.makefile("rb"))

    def _drop(self, source: socket.socket, stream: BinaryIO | None):
        self.sources.unregister(source)
        if stream:
            stream.close()
        source.close()


def _read(stream: BinaryIO) -> tuple[str, bytes] | None:
    """Path and body of a request, or nothing at the connection's end."""
    request_line = stream.readline()
    if not request_line:
        return None
    length = 0
    while (line := stream.readline()).strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        elif name.lower() == b"transfer-encoding":
            raise NotImplementedError(f"a body whose length is not known: {line}")
    return request_line.split()[1].decode(), stream.read(length)
